#!/usr/bin/env bash
# gevent-websocket, on Python 3, sends no close code: close(code, message) of its WebSocket leaves the code out, and puts the
# text of the message in its place, as Python writes bytes: "b'bye'". The client reads the first two letters as the code
# 25127, and fails the connection (1006). close() alone sends a Close without a code.
#
# Seen with gevent-websocket 0.10.1 (python3-gevent-websocket 0.10.1-5 of Debian 12), gevent 22.10.2 and Python 3.11.2 on
# 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq download python3-gevent-websocket=0.10.1-5 python3-gevent=22.10.2-3 \
  python3-greenlet python3-zope.event python3-zope.interface libc-ares2 libev4 libuv1
for package in *.deb; do dpkg-deb -x "$package" .; done
libraries=$(dirname "$(find "$folder/usr/lib" -name 'libcares.so.2' | head -1)")

cat >try.py <<'PY'
import socket

import gevent
from gevent import monkey

monkey.patch_all()
from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler


def app(environ, start_response):
    ws = environ["wsgi.websocket"]
    if environ["PATH_INFO"] == "/code":
        ws.close(4001, b"bye")
    else:
        ws.close()
    return []


server = WSGIServer(("127.0.0.1", 0), app, handler_class=WebSocketHandler, log=None, error_log=None)
server.start()


def close_of(path):
    """The first frame that comes."""
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        seen = b""
        while chunk := client.recv(4096):
            seen += chunk
        return seen.split(b"\r\n\r\n", 1)[1]


for path in "/code", "/none":
    print(path, close_of(path))
PY
seen=$(PYTHONPATH="$folder/usr/lib/python3/dist-packages" LD_LIBRARY_PATH="$libraries" timeout 60 /usr/bin/python3 try.py)
echo "$seen"
expected=$(
  cat <<'TEXT'
/code b"\x88\x06b'bye'"
/none b'\x88\x00'
TEXT
)
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected:" && echo "$expected"
  exit 1
fi
