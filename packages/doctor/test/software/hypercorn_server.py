import asyncio
import signal
import sys

from asgi_app import app, restart
from hypercorn.asyncio import serve
from hypercorn.config import Config


async def main():
    config = Config()
    config.bind = [f'127.0.0.1:{sys.argv[1]}']
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    async def shutdown_trigger():
        await stopping.wait()
        await restart()

    await serve(app, config, shutdown_trigger=shutdown_trigger)


asyncio.run(main())
