"""Autobahn: connects to URL, talks with fragmented and compressed messages, closes with 3456."""

import json
import sys

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
import asyncio

done = None


class Peer(WebSocketClientProtocol):
    def onOpen(self):
        self.got = 0
        self.sendMessage(b"x" * 100000, isBinary=True, fragmentSize=1000)
        self.sendMessage("caf\u00e9".encode(), isBinary=False)

    def onMessage(self, payload, is_binary):
        self.got += 1
        print(json.dumps({"bytes": len(payload), "binary": is_binary}), flush=True)
        if self.got == 2:
            self.sendClose(3456, "enough")

    def onClose(self, was_clean, code, reason):
        print(json.dumps({"code": code, "reason": reason, "clean": was_clean}), flush=True)
        done.set_result(None)


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


async def main(url):
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    factory = WebSocketClientFactory(url)
    factory.protocol = Peer
    factory.setProtocolOptions(
        perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept
    )
    host, port = url.removeprefix("ws://").rstrip("/").split(":")
    await loop.create_connection(factory, host, int(port))
    await done


asyncio.run(main(sys.argv[1]))
