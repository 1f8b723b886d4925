"""Python's WebSocket libraries: `server NAME [PORT]` echoes, `client NAME URL` echoes what it is told.

A server says its port, a client 'open', and at the end 'closed' with the code that it was told.
"""

import asyncio
import json
import socket
import sys
from urllib.parse import urlsplit


def say(**what):
    print(json.dumps(what), flush=True)


def listening(port=0):
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", int(port)))
    bound.listen()
    return bound


async def aiohttp_server(port=0):
    from aiohttp import WSMsgType, web

    async def echo(request):
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/{any:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    bound = listening(port)
    await web.SockSite(runner, bound).start()
    say(port=bound.getsockname()[1])
    await asyncio.Future()


async def tornado_server(port=0):
    from tornado import httpserver, web, websocket

    class Echo(websocket.WebSocketHandler):
        def check_origin(self, origin):
            return True

        def get_compression_options(self):
            return {}

        def on_message(self, message):
            self.write_message(message)

    bound = listening(port)
    bound.setblocking(False)
    httpserver.HTTPServer(web.Application([("/.*", Echo)])).add_socket(bound)
    say(port=bound.getsockname()[1])
    await asyncio.Future()


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            event = (await receive())["type"]
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": event["text"]})


async def uvicorn_server(port=0):
    import uvicorn

    bound = listening(port)
    say(port=bound.getsockname()[1])
    await uvicorn.Server(uvicorn.Config(asgi, ws="wsproto", log_level="warning")).serve([bound])


async def hypercorn_server(port=0):
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    bound = listening(port)
    config = Config()
    config.bind = [f"fd://{bound.fileno()}"]
    say(port=bound.getsockname()[1])
    await serve(asgi, config)


async def aiohttp_client(url):
    import aiohttp

    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as ws:
        say(open=True)
        async for message in ws:
            await ws.send_str(message.data)
        say(closed=ws.close_code)


async def tornado_client(url):
    from tornado.websocket import websocket_connect

    ws = await websocket_connect(url, compression_options={})
    say(open=True)
    while (message := await ws.read_message()) is not None:
        await ws.write_message(message)
    say(closed=ws.close_code)


async def wsproto_client(url):
    import wsproto
    from wsproto import events
    from wsproto.extensions import PerMessageDeflate

    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    hello = events.Request(host=at.netloc, target="/", extensions=[PerMessageDeflate()])
    writer.write(ws.send(hello))
    text = ""
    while data := await reader.read(65536):
        ws.receive_data(data)
        for event in ws.events():
            if isinstance(event, events.AcceptConnection):
                say(open=True)
            elif isinstance(event, events.TextMessage):
                text += event.data
                if event.message_finished:
                    writer.write(ws.send(events.TextMessage(data=text)))
                    text = ""
            elif isinstance(event, events.Ping):
                writer.write(ws.send(event.response()))
            elif isinstance(event, events.CloseConnection):
                say(closed=event.code)
                if ws.state is wsproto.connection.ConnectionState.REMOTE_CLOSING:
                    writer.write(ws.send(event.response()))


asyncio.run(globals()[f"{sys.argv[2]}_{sys.argv[1]}"](*sys.argv[3:]))
