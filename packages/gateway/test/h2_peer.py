"""An extended CONNECT (RFC 8441) by python3-h2, independent of Node. Prints what it sees as JSON."""
import json
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

port, path, early = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode()
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["h2"])
tcp = socket.create_connection(("127.0.0.1", port), timeout=5)
tls = context.wrap_socket(tcp, server_hostname="localhost")
seen = {"alpn": tls.selected_alpn_protocol(), "data": "", "ended": False}

connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
connection.initiate_connection()
tls.sendall(connection.data_to_send())
stream = None


def open_stream():
    stream = connection.get_next_available_stream_id()
    connection.send_headers(
        stream,
        [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "localhost:%d" % port),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "chat, superchat"),
        ],
    )
    connection.send_data(stream, early)
    return stream


while not seen["ended"]:
    received = tls.recv(65536)
    if not received:
        break
    for event in connection.receive_data(received):
        if isinstance(event, h2.events.RemoteSettingsChanged):
            allowed = connection.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL, 0)
            seen["connect"] = allowed
            if stream is None and allowed:
                stream = open_stream()
        elif isinstance(event, h2.events.ResponseReceived):
            seen["headers"] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            seen["data"] += event.data.decode()
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.data and seen["data"] == early.decode():
                connection.end_stream(stream)
        elif isinstance(event, h2.events.StreamReset):
            seen["reset"] = int(event.error_code)
            seen["ended"] = True
        elif isinstance(event, h2.events.StreamEnded):
            seen["ended"] = True
    tls.sendall(connection.data_to_send())

print(json.dumps(seen))
