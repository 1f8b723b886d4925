import asyncio
import signal
import sys

from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler

clients = set()


class Echo(WebSocketHandler):
    def open(self):
        clients.add(self)

    def on_message(self, message):
        self.write_message(message)

    def on_close(self):
        clients.discard(self)


async def main():
    server = HTTPServer(Application([('/', Echo)]))
    server.listen(int(sys.argv[1]), '127.0.0.1')
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    server.stop()
    for client in set(clients):
        client.close(1012, 'service restart')
    await asyncio.sleep(1)


asyncio.run(main())
