"""Numbered traffic from peers that share no code with the gateway: TLS by OpenSSL, and HTTP/2 by python3-h2 (RFC 8441).

Opens COUNT WebSockets at PORT and says so; sends 'c0', 'c1', ... on each every EVERY seconds, and checks that 'a0', 'a1', ... and
'p0', 'p1', ... come back in order. At SIGTERM it sends no more, waits for the answers, and says what it saw.

usage: numbered_peer.py tls|h2 PORT COUNT EVERY
"""

import asyncio
import base64
import json
import os
import signal
import ssl
import sys

kind, port, count, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
streams_of_a_session = 25
faults = []
clients = []
stopping = False


def context(*protocols):
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


class Client:
    """One WebSocket, by whatever carries its bytes. Frames are short: RFC 6455 5.2."""

    def __init__(self, write):
        self.write = write
        self.buffer = bytearray()
        self.name = len(clients)
        self.sent = self.answers = self.pushes = 0
        self.over = False
        clients.append(self)

    def frame(self, opcode, payload):
        key = os.urandom(4)
        masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
        self.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + key + masked)

    def say(self):
        if not self.over:
            self.frame(1, b"c%d" % self.sent)
            self.sent += 1

    def received(self, data):
        self.buffer += data
        while len(self.buffer) >= 2 and len(self.buffer) >= 2 + self.buffer[1]:
            opcode, payload = self.buffer[0] & 15, bytes(self.buffer[2 : 2 + self.buffer[1]])
            del self.buffer[: 2 + self.buffer[1]]
            if opcode == 1:
                self.heard(payload.decode())
            elif opcode == 9:
                self.frame(10, payload)
            elif opcode == 8:
                self.ended(f"was closed with {int.from_bytes(payload[:2], 'big')}")
            elif opcode != 10:
                self.ended(f"got opcode {opcode}")

    def heard(self, text):
        answer = text[0] == "a"
        expected = f"a{self.answers}" if answer else f"p{self.pushes}"
        if text != expected:
            self.ended(f"got {text} in place of {expected}")
        if answer:
            self.answers += 1
        else:
            self.pushes += 1

    def ended(self, how):
        if not self.over and not stopping:
            faults.append(f"client {self.name} {how}")
        self.over = True


async def over_tls(made):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=made)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise RuntimeError(head.decode())
    client = Client(writer.write)

    async def read():
        try:
            while data := await reader.read(65536):
                client.received(data)
            client.ended("saw the end of TLS")
        except OSError as error:
            client.ended(str(error))

    client.task = asyncio.ensure_future(read())


async def over_h2(made, streams):
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.events import ConnectionTerminated, DataReceived, RemoteSettingsChanged
    from h2.events import ResponseReceived, StreamEnded, StreamReset

    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=made)
    session = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    session.initiate_connection()
    writer.write(session.data_to_send())
    known, opened, ready = {}, {}, asyncio.get_running_loop().create_future()

    def flush():
        writer.write(session.data_to_send())

    async def read():
        try:
            while data := await reader.read(65536):
                for event in session.receive_data(data):
                    if isinstance(event, RemoteSettingsChanged) and not ready.done():
                        ready.set_result(None)
                    elif isinstance(event, ResponseReceived):
                        opened[event.stream_id].set_result(dict(event.headers)[":status"])
                    elif isinstance(event, DataReceived):
                        session.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                        known[event.stream_id].received(event.data)
                    elif isinstance(event, (StreamEnded, StreamReset)):
                        known[event.stream_id].ended(type(event).__name__)
                    elif isinstance(event, ConnectionTerminated):
                        # python3-h2 sends and receives nothing after a GOAWAY, whatever its streams are about.
                        for client in known.values():
                            client.ended("got GOAWAY")
                flush()
            how = "saw the end of TLS"
        except Exception as error:
            how = repr(error)
        for client in known.values():
            client.ended(how)

    task = asyncio.ensure_future(read())
    await ready
    for _ in range(streams):
        stream = session.get_next_available_stream_id()
        opened[stream] = asyncio.get_running_loop().create_future()
        fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/")]
        fields += [(":authority", f"127.0.0.1:{port}"), ("sec-websocket-version", "13")]

        def write(data, stream=stream):
            session.send_data(stream, data)
            flush()

        known[stream] = Client(write)
        known[stream].task = task
        session.send_headers(stream, fields)
        flush()
        status = await opened[stream]
        if status != "200":
            raise RuntimeError(f"the handshake was answered {status}")


async def main():
    global stopping
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, lambda: stop.done() or stop.set_result(None))
    made = context("h2") if kind == "h2" else context()
    if kind == "h2":
        for first in range(0, count, streams_of_a_session):
            await over_h2(made, min(streams_of_a_session, count - first))
    else:
        for _ in range(count):
            await over_tls(made)
    print(json.dumps({"open": len(clients), "ssl": ssl.OPENSSL_VERSION}), flush=True)

    # Spread over the time between two messages of one of them.
    async def talk(client, i):
        await asyncio.sleep(every * i / count)
        while not stop.done():
            # Its server listens when it has said something itself.
            if client.pushes:
                client.say()
            await asyncio.sleep(every)

    for i, client in enumerate(clients):
        client.talking = asyncio.ensure_future(talk(client, i))
    await stop
    quiet = 0
    while quiet < 50 and any(client.answers < client.sent for client in clients if not client.over):
        before = sum(client.answers for client in clients)
        await asyncio.sleep(0.1)
        quiet = quiet + 1 if sum(client.answers for client in clients) == before else 0
    sent = sum(client.sent for client in clients)
    answers, pushes = (sum(getattr(client, name) for client in clients) for name in ("answers", "pushes"))
    print(json.dumps({"sent": sent, "unanswered": sent - answers, "pushes": pushes, "faults": faults[:20]}), flush=True)
    stopping = True
    os._exit(0)


asyncio.run(main())
