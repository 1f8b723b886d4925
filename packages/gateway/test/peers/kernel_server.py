# A server in the manner of a notebook's: kernels are made over HTTP and spoken to over a WebSocket, with Tornado's own
# check that the page's Origin is the host that the browser asked for. Prints its port.
import json
import struct
import uuid

import tornado.ioloop
import tornado.netutil
import tornado.httpserver
import tornado.web
import tornado.websocket

PROTOCOL = "v1.kernel.websocket.jupyter.org"
kernels = {}


def pack(channel, parts):
    """Little-endian: how many offsets, the offsets, then the channel's name and the parts."""
    body = [channel.encode(), *parts]
    offsets = [8 * (2 + len(body))]
    for part in body:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<Q{len(offsets)}Q", len(offsets), *offsets) + b"".join(body)


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    offsets = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[a:b] for a, b in zip(offsets, offsets[1:])]
    return parts[0].decode(), parts[1:]


class Kernels(tornado.web.RequestHandler):
    def check_xsrf_cookie(self):
        if self.request.headers.get("Authorization") != "token secret":
            raise tornado.web.HTTPError(403)

    def post(self):
        kernel = str(uuid.uuid4())
        kernels[kernel] = 0
        self.set_status(201)
        self.set_header("Location", f"/api/kernels/{kernel}")
        self.write({"id": kernel})


class Channels(tornado.websocket.WebSocketHandler):
    def select_subprotocol(self, offered):
        return PROTOCOL if PROTOCOL in offered else None

    def get_compression_options(self):
        return {}

    def open(self, kernel):
        if kernel not in kernels:
            return self.close(4404, "no such kernel")
        self.kernel = kernel

    def on_message(self, data):
        channel, (header, content, *buffers) = unpack(data)
        count = kernels[self.kernel] = kernels[self.kernel] + 1
        if json.loads(header)["msg_type"] == "shutdown_request":
            return self.close(1001, "kernel shut down")
        answer = {"execution_count": count, "code": json.loads(content)["code"]}
        self.write_message(pack("iopub", [b'{"msg_type":"status"}', b'{"execution_state":"busy"}']), binary=True)
        self.write_message(
            pack(channel, [b'{"msg_type":"execute_reply"}', json.dumps(answer).encode(), *buffers]), binary=True
        )


application = tornado.web.Application(
    [("/api/kernels", Kernels), ("/api/kernels/([^/]+)/channels", Channels)],
    xsrf_cookies=True,
    websocket_ping_interval=1,
)
sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
tornado.httpserver.HTTPServer(application).add_sockets(sockets)
print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
tornado.ioloop.IOLoop.current().start()
