"""An ASGI application for Uvicorn that echoes. At the end it says what it acted on."""

import json
import os
import time

from uvicorn.protocols.websockets.websockets_impl import WebSocketProtocol

acted = []


async def lifespan(receive, send):
    while True:
        event = await receive()
        if event["type"] == "lifespan.shutdown":
            print(json.dumps({"acted": acted}), flush=True)
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "lifespan.startup.complete"})


async def websocket(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        acted.append(event["text"])
        try:
            await send({"type": "websocket.send", "text": event["text"]})
        except Exception:
            pass  # closed meanwhile; what was read before is still to be acted on


def patch(says_restart):
    """Makes it busy just as it shuts down, so that requests wait unread; later versions say 1012 then, in this way."""
    end_tcp = WebSocketProtocol.shutdown
    naps = [0.1]

    def shutdown(self):
        time.sleep(naps.pop() if naps else 0)
        if says_restart:
            self.ws_server.closing = True
            self.fail_connection(1012)
        else:
            end_tcp(self)

    WebSocketProtocol.shutdown = shutdown


patch(bool(os.environ.get("SAY_RESTART")))


async def app(scope, receive, send):
    await (lifespan if scope["type"] == "lifespan" else websocket)(receive, send)
