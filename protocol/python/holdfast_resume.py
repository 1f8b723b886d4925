"""A client of `holdfast.v1` (PROTOCOL.md): a WebSocket session that outlives its connections.

    session = await connect("ws://localhost:8080/chat", ["chat.v2"])
    await session.send("hello")
    async for message in session:
        print(message)

Where the other side does not resume, a session is one connection. Python 3.11, and the package `websockets` from version
10. Section numbers are those of the page.
"""

import asyncio
import json
import random
import re
from collections import deque
from time import monotonic as now

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.legacy.client import connect as dial

ACK_MESSAGES, ACK_BYTES = 64, 65_536  # section 5
UNACKNOWLEDGED, QUIET, PATIENCE, MOST_PATIENCE, TICK = 5.0, 20.0, 3.0, 60.0, 0.5  # section 9, seconds
FIRST_DELAY, MOST_DELAY = 0.05, 5.0  # between attempts to come back, seconds
KEEPS_SESSION = {1001, 1012, 1013, 1014}  # section 2: closes in place of `welcome` after which a client comes back
PARKED = (1008, "nothing acknowledged")  # section 5: a Close after which the session goes on
KEPT_BYTES = 1 << 20  # `send` waits while more than that is not acknowledged


class SessionOver(Exception):
    """The session has ended: by a Close with `code` and `reason`, or while it had no connection; then `why` is that of
    section 8. `undelivered`: what was sent and is not known to have arrived."""

    def __init__(self, code, reason, why=None):
        super().__init__(code, reason, why)
        self.code, self.reason, self.why, self.undelivered = code, reason, why, []


def check(true, reason):
    """Section 3: whoever breaks the rules of the page is closed with 1002, and every 1002 ends the session."""
    if not true:
        raise SessionOver(1002, reason)


def number(body, name):
    """Section 3: all numbers are integers, 0 or greater, and below 2^53."""
    value = body.get(name)
    check(type(value) is int and 0 <= value < 2**53, f"{name} is {value!r}")
    return value


def control(message, nonce):
    """The body of a control message; None: a data message (section 3)."""
    if not isinstance(message, str) or not message.startswith("\0" + nonce):
        return None
    try:
        body = json.loads(message[17:])
    except ValueError:
        body = None
    check(isinstance(body, dict) and isinstance(body.get("type"), str), "a control message that cannot be read")
    return body


def welcome_of(message):
    """Nonce and body of the first message of a connection (section 4)."""
    check(isinstance(message, str) and re.match(r"\0[\w-]{16}", message, re.ASCII), "no welcome comes first")
    nonce, body = message[1:17], {"lost": 0} | control(message, message[1:17])
    check(body["type"] == "welcome" and type(body.get("resumed")) is bool, "no welcome comes first")
    token, protocol = body.get("token"), body.get("protocol")
    check(isinstance(token, str) and re.fullmatch(r"[\w-]{1,128}", token, re.ASCII), "a welcome without a token")
    check(isinstance(protocol, str), "a welcome without a protocol")
    return nonce, body | {name: number(body, name) for name in ("received", "window", "for", "lost")}


def size_of(message):
    if isinstance(message, list):
        return sum(map(size_of, message))
    return len(message.encode()) if isinstance(message, str) else len(message)


def weight_of(message):
    """What a message counts of the window: its payload, and 16 bytes for each frame (section 5)."""
    return size_of(message) + 16 * (max(len(message), 1) if isinstance(message, list) else 1)


async def connect(url, subprotocols=(), on_resume=None, **options):
    """Opens a session; raises SessionOver if there is no connection. `on_resume` is called when the session goes on, before
    the first message that comes then. `options` are those of `websockets.connect`."""
    session = Session(url, subprotocols, on_resume, options)
    session._soon(session._run())
    await session._until(lambda: session.opened or session._over)
    if session._over:
        raise session._over
    return session


class Session:
    """One conversation with the server behind the gateway, over as many connections as it takes."""

    def __init__(self, url, subprotocols, on_resume, options):
        self.url, self.subprotocols, self.on_resume, self.options = url, list(subprotocols), on_resume, options
        self.protocol, self.opened = "", False  # the application's subprotocol
        self._plain = False  # the other side does not resume
        self._token = self._ws = self._nonce = self._over = self._closing = None
        self.lost = self.doubled = 0  # section 11: at most so many messages are missing, or came twice, where gateways were lost
        self._sent = self._acked = 0  # data messages that were sent, and how many of these are acknowledged
        self._given = 0  # how many the latest connection with a `welcome` was given
        self._kept, self._kept_bytes = deque(), 0  # those that are not
        self._inbox, self._received = deque(), 0  # what has arrived, and how many the application has taken
        self._said, self._unsaid_bytes, self._window = 0, 0, 2 * ACK_BYTES
        self._changed, self._tasks = asyncio.Event(), set()
        self._patience, self._pings, self._heard, self._progress = PATIENCE, 0, 0.0, 0.0

    async def send(self, message):
        """Takes a message over: str, bytes, or a list of either, which goes out in fragments. Waits while too much is kept."""
        await self._until(lambda: self._over or self._kept_bytes <= KEPT_BYTES)
        if self._over or self._closing:
            raise self._over or RuntimeError("send after close")
        if self._sent == self._acked:
            self._progress = now()
        self._kept.append(message)
        self._kept_bytes += size_of(message)
        self._sent += 1
        self._notify()

    async def recv(self):
        """The next message. Raises SessionOver behind the last one."""
        await self._until(lambda: self._inbox or self._over)
        if not self._inbox:
            raise self._over
        message = self._inbox.popleft()
        # Section 5: received is what the application has, not what has arrived.
        self._received += 1
        self._unsaid_bytes += size_of(message)
        if self._received - self._said >= ACK_MESSAGES or self._unsaid_bytes >= min(ACK_BYTES, self._window // 2):
            self._soon(self._acknowledge())
        return message

    async def __aiter__(self):
        try:
            while True:
                yield await self.recv()
        except SessionOver as over:
            if over.why or over.code not in (1000, 1001):
                raise

    async def close(self, code=1000, reason="", timeout=30):
        """Ends the session behind all that was sent, also while the client is away. Returns how it has ended."""
        self._closing = self._closing or (code, reason)
        self._notify()
        try:
            await asyncio.wait_for(self._until(lambda: self._over), timeout)
        except asyncio.TimeoutError:
            self._over = SessionOver(1006, "the gateway was not reached to close")
            self._drop()
        return self._over

    async def _run(self):
        delay, over = 0.0, None
        while not self._over:
            try:
                if self._ws is None:
                    await asyncio.sleep(delay * random.random())
                    delay = min(max(delay * 2, FIRST_DELAY), MOST_DELAY)
                    await self._open()
                    self.opened = True
                    self._notify()
                await self._converse()
            except SessionOver as error:
                over = error
                if over.code == 1002:
                    await self._ws.close(1002)
            except ConnectionClosed as closed:
                over = self._judge(closed)
                asked = re.search(r"retry=(\d{1,6})", closed.rcvd.reason if closed.rcvd else "")
                delay = int(asked[1]) / 1000 if asked else delay if self._nonce is None else 0.0
            except (OSError, InvalidHandshake) as error:
                # Section 2: a server that knows none of the entries may have refused the handshake for them, if it has answered.
                answered = not isinstance(error, (OSError, InvalidMessage))
                if not self.opened and (self._plain or not answered):
                    over = SessionOver(1006, str(error))
                self._plain = self._plain or not self.opened
            self._over = self._over or over
            self._drop()
            self._notify()
        self._over.undelivered = list(self._kept)

    async def _open(self):
        """Makes a connection and reads its `welcome` (sections 2, 4 and 6)."""
        offers, returning = list(self.subprotocols), self._token is not None
        if not self._plain:
            offers += ["holdfast.none", "holdfast.v1"]
        if returning:
            self._inbox.clear()  # what the application has not taken comes again
            offers.append(f"holdfast.v1.{self._token}.{self._received}")
        options = {"max_size": None, "ping_interval": None, "close_timeout": 5, **self.options}
        self._ws = await dial(self.url, subprotocols=offers or None, **options)
        selected = self._ws.subprotocol or ""
        if self._plain or selected != "holdfast.v1":
            if returning:
                raise SessionOver(1006, "the other side does not resume any more", "unknown")
            self._plain, self.protocol = True, "" if selected == "holdfast.none" else selected
            return
        self._nonce, body = welcome_of(await asyncio.wait_for(self._ws.recv(), 10))
        if returning and not body["resumed"]:
            over = {"received": self._acked, "why": "unknown", **body.get("over", {})}
            self._confirm(number(over, "received"))
            await self._ws.close()  # this sample leaves it to the application to begin anew
            raise SessionOver(1006, "the session is over", over["why"])
        if body["resumed"] and body["lost"]:
            self._gateway_lost(body["lost"], body["received"])
        check(body["received"] >= self._acked, "the gateway has forgotten what it had acknowledged")
        self._confirm(body["received"])
        self._given = self._acked
        self.protocol, self._token, self._window = body["protocol"], body["token"], body["window"]
        await self._acknowledge()
        if returning and self.on_resume:
            self.on_resume()

    async def _converse(self):
        """Until this connection ends, by an exception."""
        self._heard = self._progress = now()
        acts = (self._read, self._write) if self._plain else (self._read, self._write, self._watch)
        tasks = [asyncio.create_task(act()) for act in acts]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        [task.cancel() for task in pending]
        await asyncio.gather(*pending, return_exceptions=True)
        await min(done, key=tasks.index)

    async def _read(self):
        while True:
            message = await self._ws.recv()
            self._heard = now()
            body = None if self._plain else control(message, self._nonce)
            if body is None:
                self._inbox.append(message)
            elif body["type"] == "ack":
                self._confirm(number(body, "received"))
            elif body["type"] in ("ping", "pong") and number(body, "id") >= 0 and body["type"] == "ping":
                self._soon(self._say("pong", id=body["id"]))
            self._notify()

    async def _write(self):
        """Sends what is kept, in order, and then what comes next. Nothing else sends data messages."""
        following, ahead = self._acked, deque()  # what each of those counts that are not acknowledged

        def may_go():
            while len(ahead) > following - self._acked:
                ahead.popleft()
            if following == self._sent:
                return self._closing
            # Section 5: nothing is sent while more than `window` bytes are not acknowledged.
            return self._plain or sum(ahead) <= self._window

        while True:
            await self._until(may_go)
            if following < self._sent:
                message = self._kept[len(ahead)]
                ahead.append(weight_of(message))
                following += 1
                self._given = max(self._given, following)
                await self._ws.send(message)
                if self._plain:
                    self._confirm(following)
                continue
            if self._closing[0] == 1001:
                await self._say("bye")
            await self._ws.close(*self._closing)
            await self._ws.ensure_open()  # raises: it says how it ended. (`close` of websockets 10 swallows a cancellation)

    async def _watch(self):
        """Acknowledges what is left over; finds a dead link by a ping that nobody answers (section 9)."""
        asked = None
        while True:
            await asyncio.sleep(TICK)
            if self._received > self._said:
                self._soon(self._acknowledge())
            waits = self._sent > self._acked and now() - self._progress > UNACKNOWLEDGED
            if asked is None and (waits or now() - self._heard > QUIET):
                self._pings, asked = self._pings + 1, now()
                self._soon(self._say("ping", id=self._pings))
            elif asked is not None and self._heard > asked:
                asked, self._progress = None, now()
            elif asked is not None and now() - asked > self._patience:
                # A slow link is not a dead one: next time it has longer, until something is acknowledged.
                self._patience = min(self._patience * 2, MOST_PATIENCE)
                self._ws.transport.abort()

    async def _say(self, type, **members):
        try:
            if self._nonce:
                await self._ws.send(f"\0{self._nonce}" + json.dumps({"type": type, **members}, separators=(",", ":")))
        except ConnectionClosed:
            pass  # the next connection begins with an `ack`, and needs nothing else

    def _acknowledge(self):
        self._said, self._unsaid_bytes = self._received, 0
        return self._say("ack", received=self._received)

    def _confirm(self, received):
        """The gateway has that many of the messages that were sent."""
        check(received <= self._sent, "an acknowledgement of what was never sent")
        while self._acked < received:
            self._kept_bytes -= size_of(self._kept.popleft())
            self._acked += 1
            self._patience, self._progress = PATIENCE, now()

    def _gateway_lost(self, lost, received):
        """Section 11: what was acknowledged and is not covered may be missing, and what is sent again may come twice."""
        missing = max(0, self._acked - received)
        self.lost += lost + missing
        self.doubled += max(0, self._given - max(self._acked, received))
        self._acked, self._sent, self._given = self._acked - missing, self._sent - missing, self._given - missing

    def _judge(self, closed):
        """How the session has ended with its connection; None: it goes on with the next."""
        end = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        in_place_of_welcome = self._nonce is None and end[0] in KEEPS_SESSION
        goes_on = closed.rcvd is None or in_place_of_welcome or end == PARKED
        return None if goes_on and not self._plain else SessionOver(*end)

    def _drop(self):
        """Leaves the connection without waiting for its end."""
        if self._ws:
            self._ws.transport.abort()
        self._ws = self._nonce = None

    def _soon(self, work):
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _notify(self):
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, true):
        while not true():
            await self._changed.wait()
