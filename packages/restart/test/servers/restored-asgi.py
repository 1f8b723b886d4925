"""ASGI applications on Uvicorn that say whether they have restored a client, by the lines of docs/deploying.md.

restored-asgi.py asgi|starlette: prints the port that it listens on.
"""

import asyncio
import socket
import sys

import uvicorn


def word(headers):
    fields = dict(headers)
    known = fields.get(b"holdfast-session") == b"known"
    return b"1" if known and b"holdfast-reattach" in fields else b"0"


async def asgi(scope, receive, send):
    restored = word(scope["headers"])
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"holdfast-restored", restored)]})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def starlette(scope, receive, send):
    from starlette.websockets import WebSocket, WebSocketDisconnect

    websocket = WebSocket(scope, receive, send)
    restored = word(scope["headers"])
    await websocket.accept(headers=[(b"holdfast-restored", restored)])
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    application = {"asgi": asgi, "starlette": starlette}[sys.argv[1]]
    config = uvicorn.Config(application, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    print(listener.getsockname()[1], flush=True)
    await serving


asyncio.run(main())
