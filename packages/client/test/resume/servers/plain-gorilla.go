// gorilla/websocket that knows nothing of resume: echoes, selects `chat`, closes with 4001 at `bye`. Prints the port that it
// listens on.
package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	Subprotocols: []string{"chat"},
	CheckOrigin:  func(*http.Request) bool { return true },
}

func serve(w http.ResponseWriter, r *http.Request) {
	connection, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	connection.WriteMessage(websocket.TextMessage, []byte("hello"))
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		if string(message) == "bye" {
			closing := websocket.FormatCloseMessage(4001, "as asked")
			connection.WriteControl(websocket.CloseMessage, closing, time.Now().Add(time.Second))
			continue
		}
		connection.WriteMessage(kind, message)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(serve)))
}
