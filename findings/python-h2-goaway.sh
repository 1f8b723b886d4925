#!/usr/bin/env bash
# python h2 4.1.0 and 4.4.1 take a GOAWAY for the end of all streams: behind it they send no DATA and accept none on streams that are open,
# with a ProtocolError. RFC 9113 6.8 lets these go on: "GOAWAY allows an endpoint to gracefully stop accepting new streams
# while still finishing processing of previously established streams." A WebSocket over HTTP/2 (RFC 8441) is such a stream, for hours.
#
# Seen with h2 4.1.0 (python3-h2 4.1.0-4 of Debian 12) and 4.4.1 on 2026-11-29. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >try.py <<'PY'
import importlib.metadata
import struct
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

client = H2Connection(H2Configuration(client_side=True))
server = H2Connection(H2Configuration(client_side=False))
client.initiate_connection()
server.initiate_connection()


def exchange():
    for _ in range(3):
        server.receive_data(client.data_to_send())
        client.receive_data(server.data_to_send())


exchange()
fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/"), (":authority", "a")]
client.send_headers(1, fields)
exchange()
server.send_headers(1, [(":status", "200")])
exchange()
# GOAWAY: NO_ERROR, and stream 1 is the last one that is served.
client.receive_data(bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + struct.pack(">II", 1, 0))
data = bytes([0, 0, 3, 0, 0, 0, 0, 0, 1]) + b"abc"
seen = []
for name, act in [("send", lambda: client.send_data(1, b"abc")), ("receive", lambda: client.receive_data(data))]:
    try:
        act()
        seen.append(f"can {name}")
    except ProtocolError:
        seen.append(f"cannot {name}")
print(f"h2 {importlib.metadata.version('h2')}: {', '.join(seen)}")
PY
apt-get -qq download python3-h2=4.1.0-4 python3-hpack=4.0.0-2 python3-hyperframe=6.0.0-1
for package in *.deb; do dpkg-deb -x "$package" debian; done
python3 -m venv newest
newest/bin/pip install --quiet --disable-pip-version-check "h2==4.4.1"
seen="$(PYTHONPATH=debian/usr/lib/python3/dist-packages python3 try.py)"$'\n'
seen+="$(newest/bin/python try.py)"$'\n'
printf '%s' "$seen"
expected=$'h2 4.1.0: cannot send, cannot receive\nh2 4.4.1: cannot send, cannot receive\n'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected: $expected"
  exit 1
fi
