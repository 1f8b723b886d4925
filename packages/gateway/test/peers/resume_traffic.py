"""Clients in Python under load: each sends numbered messages and checks, one by one, what comes. Options in the first argument,
JSON; see resume-traffic.ts. The last line of stdout is the report."""

import asyncio
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "protocol/python"))
import holdfast_resume  # noqa: E402
from holdfast_resume import SessionOver, connect  # noqa: E402

KIB = 1024


def content(of, seed, n):
    """The message number n of a side: what it is follows from these three; the server makes the same."""
    drawn = ((n + 1) * 2654435761 + seed * 40503 + of) & 0xFFFFFFFF
    drawn ^= drawn >> 15
    kind = drawn % 1000
    size = 0 if kind < 100 else drawn % 200 if kind < 750 else drawn % 4000 if kind < 960 else drawn % (64 * KIB)
    if n == 20 + seed % 10:
        size = KIB * KIB
    unit = f"{of}.{seed}.{n};"
    return (unit * (size // len(unit) + 1))[:size]


def wrapped(text, n):
    """Text or binary, in one frame or in three."""
    message = text if n % 3 else text.encode()
    return [message[: len(message) // 3], message[len(message) // 3 : -1], message[-1:]] if n % 4 == 1 and message else message


def plain(message):
    return (message.decode(), "binary") if isinstance(message, bytes) else (message, "text")


class Report:
    def __init__(self):
        self.faults, self.returns, self.sessions = [], 0, 0

    def returned(self):
        self.returns += 1

    def fault(self, *what):
        self.faults.append(" ".join(map(str, what))[:300])


async def opened(options, seed, report):
    """The first connection may be cut, too: then there is no session yet, and another one is begun."""
    compression = "deflate" if options.get("compression") and seed % 2 else None
    for _ in range(200):
        try:
            url = f"{options['url']}?seed={seed}"
            session = await connect(url, ["numbers"], on_resume=report.returned, compression=compression)
            if session._plain:
                report.fault(seed, "is not resumable")
            return session
        except SessionOver:
            await asyncio.sleep(0.05 * random.random())
    raise RuntimeError(f"{options['url']} cannot be reached")


async def exchange(options, seed, report):
    """So many messages each way; each is exactly the one that is next."""
    session, count = await opened(options, seed, report), options["messages"]

    async def send():
        for n in range(count):
            await session.send(wrapped(content(1, seed, n), n))
            await asyncio.sleep(options.get("every", 0))

    sending = asyncio.create_task(send())
    try:
        for n in range(count):
            text, kind = plain(await session.recv())
            if text != content(2, seed, n) or kind != ("text" if n % 3 else "binary"):
                report.fault(seed, f"got {kind} {text[:30]!r} of {len(text)} in place of {n}")
                break
        await sending
        if await session.recv() != "all is there":
            report.fault(seed, "got more than there was")
    except SessionOver as over:
        report.fault(seed, "ended", *over.args)
    sending.cancel()
    over = await session.close(1000)
    if over.code != 1000 and over.why != "closed":
        report.fault(seed, "closed with", *over.args)
    report.sessions += 1


async def talk(options, seed, report, stopping, sent):
    """Numbers for hold-backend.mjs, until it is told to stop."""
    session, count, last, epoch, id = await opened(options, seed, report), 0, None, -1, None
    padding = lambda n: "x" * min(len(content(1, seed, n)), options["largest"])  # noqa: E731

    async def push():
        nonlocal count
        while not stopping.is_set():
            count += 1
            await session.send(f"c {count} 0 {padding(count)}")
            await asyncio.sleep(options["every"] * (0.5 + random.random()))
        await session.send("q")

    pushing = asyncio.create_task(push())
    try:
        async for message in session:
            kind, *words = message.split(" ")
            if kind == "h":
                if last is not None or (id or words[0]) != words[0] or int(words[1]) <= epoch:
                    report.fault(seed, f"{message} behind {last} of {id} {epoch}")
                id, epoch, last = words[0], int(words[1]), 0
            elif kind == "e":
                if int(words[0]) != last:
                    report.fault(seed, f"{message} behind {last}")
                last = None
                if pushing.done():
                    break
            elif int(words[0]) != last + 1:
                report.fault(seed, f"{message} behind {last}")
                last = int(words[0])
            else:
                last += 1
        over = await session.close(1000)
        if over.code != 1000 and over.why != "closed":
            report.fault(seed, "closed with", *over.args)
    except SessionOver as over:
        report.fault(seed, "ended", *over.args)
    sent[id] = count
    report.sessions += 1


async def main():
    options, report, sent = json.loads(sys.argv[1]), Report(), {}
    random.seed(options.get("seed", 1))
    for name, value in options.get("constants", {}).items():
        setattr(holdfast_resume, name, value)
    seeds = range(options["first"], options["first"] + options["clients"])
    if options["what"] == "exchange":
        await asyncio.gather(*(exchange(options, seed, report) for seed in seeds))
    else:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, lambda: (sys.stdin.readline(), stopping.set(), loop.remove_reader(sys.stdin)))
        await asyncio.gather(*(talk(options, seed, report, stopping, sent) for seed in seeds))
    print(json.dumps({"faults": report.faults, "returns": report.returns, "sessions": report.sessions, "sent": sent}))


asyncio.run(main())
