// gorilla/websocket that says whether it has restored a client, by the line of docs/deploying.md. Prints the port that it
// listens on.
package main

import (
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{}

func serve(w http.ResponseWriter, r *http.Request) {
	restored := "0"
	if r.Header.Get("Holdfast-Reattach") != "" && r.Header.Get("Holdfast-Session") == "known" {
		restored = "1"
	}
	connection, err := upgrader.Upgrade(w, r, http.Header{"Holdfast-Restored": {restored}})
	if err != nil {
		return
	}
	defer connection.Close()
	for {
		if _, _, err := connection.ReadMessage(); err != nil {
			return
		}
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
