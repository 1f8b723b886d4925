import asyncio
import signal
import sys

import websockets


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with websockets.serve(echo, '127.0.0.1', int(sys.argv[1]), close_timeout=2) as server:
        await stop.wait()
        await asyncio.gather(*(ws.close(1012, 'service restart') for ws in set(server.websockets)))


asyncio.run(main())
