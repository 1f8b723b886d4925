"""Sessions of protocol/python in the hand of a test: commands come as lines of JSON, and what happens goes out as lines."""

import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "protocol/python"))
from holdfast_resume import SessionOver, connect  # noqa: E402


def say(event, **members):
    print(json.dumps({"event": event, **members}), flush=True)


def plain(message):
    if isinstance(message, list):
        return plain(b"".join(message) if isinstance(message[0], bytes) else "".join(message))
    return {"hex": message.hex()} if isinstance(message, bytes) else {"text": message}


async def converse(id, commands):
    """Opens session `id` as its first command says, and does what the others say."""
    first, tasks = await commands.get(), set()
    ended = lambda over: say("close", session=id, code=over.code, reason=over.reason, why=over.why,  # noqa: E731
                             undelivered=[plain(message) for message in over.undelivered])

    def resumed():
        say("resume", session=id, atMost={"lost": session.lost, "doubled": session.doubled})

    try:
        session = await connect(first["url"], first["protocols"], on_resume=resumed)
        say("open", session=id, protocol=session.protocol)
    except SessionOver as over:
        return ended(over)

    async def receive():
        try:
            while True:
                say("message", session=id, **plain(await session.recv()))
        except SessionOver as over:
            ended(over)

    tasks.add(asyncio.create_task(receive()))
    while command := await commands.get():
        if command["do"] == "send":
            await session.send(bytes.fromhex(command["hex"]) if "hex" in command else command["text"])
            say("sent", session=id)
        elif command["do"] == "close":
            tasks.add(asyncio.create_task(session.close(command["code"], command.get("reason", ""))))


async def lines():
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    sessions, tasks = {}, set()
    async for command in lines():
        id = command["session"]
        if command["do"] == "open":
            sessions[id] = asyncio.Queue()
            tasks.add(asyncio.create_task(converse(id, sessions[id])))
        sessions[id].put_nowait(command)


asyncio.run(main())
