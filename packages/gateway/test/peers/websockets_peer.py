"""python-websockets: `client URL` talks and closes; `server` echoes on a free port and obeys 'close CODE REASON'."""

import asyncio
import json
import sys

import websockets


def say(**what):
    print(json.dumps(what), flush=True)


async def client(url):
    async with websockets.connect(url, subprotocols=["v2", "v1"], max_size=None) as socket:
        for message in ["hello", "\u00e9" * 70000, b"\x00\xff" * 40000]:
            await socket.send(message)
            assert await socket.recv() == message
        pong = await socket.ping(b"are you there")
        await pong
        say(protocol=socket.subprotocol, extensions=len(socket.extensions))
        await socket.send("close 1012")
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            say(code=closed.rcvd and closed.rcvd.code, reason=closed.rcvd and closed.rcvd.reason)


async def echo(socket):
    try:
        async for message in socket:
            if isinstance(message, str) and message.startswith("close "):
                await socket.close(*[int(message.split()[1]), " ".join(message.split()[2:])])
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    say(closed=socket.close_code)


async def server():
    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["v1", "v2"], max_size=None) as running:
        say(port=running.sockets[0].getsockname()[1])
        await asyncio.Future()


asyncio.run(client(sys.argv[2]) if sys.argv[1] == "client" else server())
