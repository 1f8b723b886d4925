"""One session of protocol/python that sends as fast as it may while it receives; what it has seen goes out as a line of JSON."""

import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "protocol/python"))
from holdfast_resume import connect  # noqa: E402


async def main(url, sends, gets, size):
    returns = 0

    def resumed():
        nonlocal returns
        returns += 1

    session = await connect(url, on_resume=resumed)

    async def send():
        for _ in range(sends):
            await session.send(b"p" * size)

    sending = asyncio.create_task(send())
    got = 0
    while got < gets:
        await session.recv()
        got += 1
    await sending
    print(json.dumps({"got": got, "returns": returns}), flush=True)
    await session.close()


asyncio.run(main(**json.loads(sys.argv[1])))
