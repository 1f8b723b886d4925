import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: 'The connection has done its work and ends on purpose.',
    says: 'We are done. Goodbye.',
    description:
      'A clean end: one side said that it was finished, the other agreed. Programs take it for success, and most clients that reconnect otherwise do not do so after it.',
    whenSeen:
      'After `close(1000)` in a script, when the last subscription has ended, when a job is done, or at the shutdown of a server whose default is 1000.',
    howToFix: [
      'Do nothing if the end was expected.',
      'If clients do not reconnect after a deploy, look at the code with which the server shuts down (Bandit and Vert.x use 1000 by default, uWebSockets when a connection has reached its maximum age) and change it to 1012 or 1001.',
    ],
    causes: [
      'The application called `close(1000)`.',
      'A client had nothing left to listen to, such as a GraphQL client after its last subscription.',
      'A framework says 1000 whenever it stops.',
      'The connection reached its maximum age.',
    ],
    pitfalls: [
      'phoenix.js and many other clients never reconnect after 1000.',
      '`close()` without arguments does not send 1000: the Close is empty and the peer sees 1005.',
      'A Discord session ends when its client closes with 1000 or 1001; after any other code it can be resumed.',
    ],
    use: 'The work is done, and nobody has to reconnect.',
    retry: {
      registered: 'None. The RFC says that the purpose of the connection has been fulfilled.',
      practice:
        'Do not reconnect unless the application still needs the connection; graphql-ws reconnects at once while a subscription is alive.',
      holdfast: 'Nothing failed, so there is nothing to retry. The gateway passes 1000 on as it came.',
    },
  },
  goingAway: {
    meaning: 'The endpoint is leaving: a server goes down, or a browser leaves the page.',
    says: 'I am leaving.',
    description:
      'The most common code at a shutdown, and the only one that RFC 6455 has for it. It says that the endpoint goes, and not when, or whether, it will be back.',
    whenSeen:
      'Deploys and scale-down (servers with Python websockets, Java-WebSocket, graphql-ws or aiohttp), Caddy reloads, restarts at the Cloudflare edge, AWS API Gateway after ten idle minutes or two hours, Discord asking its clients to move. On a server, whenever a user closes the tab.',
    howToFix: [
      'Let the client reconnect after a random delay.',
      'On the server, spread the closes over some seconds; if it will be back, say 1012 instead.',
      'Against an idle limit, send pings well within it.',
      'Against a maximum age, open the next connection before the limit and move over.',
    ],
    causes: [
      'A server, worker or proxy stops.',
      'A proxy reloads its configuration, or an edge restarts.',
      'An idle timeout or a maximum age was reached.',
      'The user left the page.',
    ],
    pitfalls: [
      'A script cannot send it: `close(1001)` throws `InvalidAccessError`.',
      'Python websockets counts it as a normal end, so an `async for` loop over messages just stops.',
      'A client that does not reconnect after 1001, like sockette, is gone after every reload of Caddy.',
    ],
    use: 'You are leaving and cannot promise to be back: a shutdown for good, a scale-down, a limit on age.',
    retry: {
      registered:
        'None for this code. For abnormal closures RFC 6455 section 7.2.3 asks for a random first delay, such as 0-5 s, and exponential backoff.',
      practice: 'Reconnect after a short random delay, then back off.',
      holdfast:
        'The server is gone and did not say for how long: treated like a lost connection. The gateway says 1001 only to upstreams, when it drains.',
    },
  },
  protocolError: {
    meaning: 'The peer broke the WebSocket protocol.',
    says: 'What you sent is not WebSocket.',
    description:
      'One side received what RFC 6455 does not allow: a wrong mask bit, a reserved bit or opcode, broken fragmentation, a control frame that is too long, or a close code that it does not know.',
    whenSeen:
      'Hand-written clients and servers, proxies that touch frames, a compression mismatch, HTTP bytes on an upgraded socket, or a newer close code sent to a library with an old list.',
    howToFix: [
      'Capture the frames and check masks (clients mask, servers never do), reserved bits, opcodes and fragmentation.',
      'If 1002 answers a Close with 1012, 1013, 1014 or 3000-3999, the receiving library refuses that code: update it, or configure another code for it.',
      'Take the proxies out of the path and try again.',
      'Run the Autobahn test suite against the side that you wrote.',
    ],
    causes: [
      'A client frame without a mask, or a server frame with one.',
      'A compressed frame although no compression was agreed.',
      'Invalid UTF-8 or an unknown code in a Close.',
      'Data written to the socket past the library.',
    ],
    pitfalls: [
      'gorilla/websocket answers 1014 with 1002 and returns an error for which `IsCloseError` and `IsUnexpectedCloseError` are both false.',
      'It is not for bad input to the application: use 1008 or a code of your own.',
    ],
    use: 'The peer sent what RFC 6455 forbids. Your library says it for you.',
    retry: {
      registered: 'None.',
      practice:
        'Do not reconnect, since the same bytes give the same error. One more try is fair, to rule out a proxy that damaged a frame.',
      holdfast:
        'The gateway says 1002 to a client that breaks the protocol. When an upstream breaks it, the upstream is told 1002 and the client 1014, since the client did nothing wrong.',
    },
  },
  unsupportedData: {
    meaning: 'The endpoint does not take this type of data, such as binary where it understands only text.',
    says: 'I do not take messages of this type.',
    description: 'About the type of a message, text or binary, and not about what is in it.',
    whenSeen:
      'A `Blob` or `ArrayBuffer` sent to a JSON endpoint, or text sent to a service for protobuf or audio. AWS API Gateway documents it for binary messages, which its WebSocket APIs do not take.',
    howToFix: [
      'Send text where text is expected: `JSON.stringify`, or base64 for bytes.',
      'Or let the endpoint accept binary messages.',
      'Check which type your call of `send` really sends.',
    ],
    causes: ['A binary message to a text-only endpoint.', 'A text message to a binary-only endpoint.'],
    pitfalls: ['Bad JSON in a text message is not 1003: use 1007, 1008 or a code of your own.'],
    use: 'You take text only and got binary, or the other way round.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until the sender is corrected.',
      holdfast:
        'Only a change in the sender helps. The gateway does not look into messages, so it never says 1003 itself; it passes it on.',
    },
  },
  invalidPayload: {
    meaning: 'The bytes of a message do not fit its type, such as text that is not UTF-8.',
    says: 'I cannot decode what you sent.',
    description:
      'The frames were legal, but what they carry could not be decoded: text that is not UTF-8, or compressed data that does not inflate.',
    whenSeen:
      'Latin-1, or a string cut inside a character, sent as text; bytes sent as text; damaged compression. Gemini Live uses it for invalid arguments and even for an expired key.',
    howToFix: [
      'Read the reason: services put the true cause there.',
      'Encode text as UTF-8 and never cut it inside a character.',
      'Send bytes as binary messages.',
      'If it happens only with compression, switch permessage-deflate off on one side to see which one is at fault.',
    ],
    causes: [
      'A wrong character set.',
      'Binary data sent as text.',
      'Compressed data that does not inflate.',
      'A service with a meaning of its own, such as "invalid argument".',
    ],
    pitfalls: [
      'Invalid UTF-8 in the reason of a Close ends in 1007 in ws and Node, in 1002 in Chromium.',
      'A program that drops the reason hides the cause.',
    ],
    use: 'The frames are legal, but you cannot make sense of the bytes in them. Say in the reason which ones.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until the data or the configuration is corrected.',
      holdfast:
        'Only a change in the sender helps. The gateway forwards payloads untouched, so the bytes are as the sender wrote them.',
    },
  },
  policyViolation: {
    meaning: 'The peer broke a rule of the endpoint. The general refusal.',
    says: 'You broke one of my rules.',
    description:
      'For everything that is not allowed and has no better code, or when the server does not want to say more.',
    whenSeen:
      'A missing or expired token, a wrong `Origin`, too many requests (AWS API Gateway), too many fragments (ws, undici), an unknown model (Gemini Live), and most FastAPI tutorials.',
    howToFix: [
      'Read the reason.',
      'Renew the credentials; check `Origin` and permissions.',
      'If it is a rate limit, send less, and reconnect after a pause of 30-60 s.',
      'As the author of a server, prefer 3000, 3003 or documented codes of your own, so that clients can tell the cases apart.',
    ],
    causes: [
      'Authentication or authorization failed.',
      'The `Origin` is not allowed.',
      'A rate limit was exceeded.',
      'A limit against abuse was reached.',
    ],
    pitfalls: [
      'A server that accepts first and then says 1008 resets the backoff of a naive client every time: reset it only after the connection has lived for some seconds.',
      'A refusal before the upgrade is HTTP 403, which a browser shows as 1006.',
    ],
    use: 'You refuse, and no narrower code fits, or you want to give nothing away.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until something has changed; after a rate limit, for a minute or so.',
      holdfast:
        'The same client would break the same rule again. The gateway says 1008 to a client over `limits.messagesPerSecond` and, with `rejections: close`, for an HTTP refusal that has no code of its own.',
    },
  },
  messageTooBig: {
    meaning: 'A message is larger than the endpoint is willing to take.',
    says: 'That message is too large for me.',
    description:
      'A limit was reached: for a frame, for a whole message, or for a message after decompression.',
    whenSeen:
      'Large JSON snapshots, base64 images, chunks of audio. Limits differ widely: 16 MiB by default in Uvicorn, 8 MB for fragmented messages in Bandit.',
    howToFix: [
      'Split or compress the data, or upload it over HTTP and send a link.',
      'Or raise the limit: `maxPayload` in ws, `--ws-max-size` in Uvicorn, `max_size` in Python websockets, `limits.messageBytes` in Holdfast.',
    ],
    causes: [
      'A message over the configured limit.',
      'A protection against decompression bombs.',
      'A limit in a proxy or gateway on the way.',
    ],
    pitfalls: [
      'The limit may be your own: client libraries have one too, and then it was your side that closed.',
      'A message that is small on the wire can be too large once inflated.',
    ],
    use: 'A message is over your limit. Put the limit into the reason.',
    retry: {
      registered: 'None.',
      practice: 'Mixed: reconnect but do not send that message again; centrifuge-js stops.',
      holdfast:
        'A client that reconnects and sends the same message again would never end. The gateway says 1009 for a message over `limits.messageBytes`.',
    },
  },
  mandatoryExtension: {
    meaning: 'The client needs an extension that the server did not agree to.',
    says: 'I need an extension that you did not agree to.',
    description:
      'Only a client sends it, with the missing extensions in the reason. A server that misses one fails the handshake instead.',
    whenSeen: 'Very rarely: clients that insist on permessage-deflate or on an extension of their own.',
    howToFix: [
      'Enable the extension on the server.',
      'Let every proxy on the way pass `Sec-WebSocket-Extensions`.',
      'Or make the extension optional in the client.',
    ],
    causes: [
      'The server does not have the extension.',
      'A proxy on the way removes `Sec-WebSocket-Extensions`.',
    ],
    pitfalls: ['The HTTP client of the JDK treats it as illegal when a server sends it.'],
    use: 'Only as a client that cannot work without an extension. Name it in the reason.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect: the configuration has to change.',
      holdfast:
        'A second attempt ends the same way. The gateway passes offers, agreements and this code through.',
    },
  },
  internalError: {
    meaning: 'The endpoint met a condition that it did not expect, and cannot go on.',
    says: 'Something broke in me.',
    description:
      'The equivalent of HTTP 500. RFC 6455 has it for servers; erratum 3227 and the registry widened it to any endpoint.',
    whenSeen:
      'An uncaught exception in a handler, a ping that stayed unanswered (Python websockets), a backend lost inside a proxy, an ASGI application that ended without closing (Hypercorn, Daphne), faults and quotas of AI voice services.',
    howToFix: [
      'Read the log of the server at that second; there should be a stack trace.',
      'If the reason names a ping timeout, look for a blocked event loop or a slow network before you touch the timeouts.',
      'If the server is not yours, report the reason and the time.',
    ],
    causes: [
      'An exception that nobody caught.',
      'A keepalive ping without an answer.',
      'An application that returned without closing.',
      'A proxy that lost its backend.',
    ],
    pitfalls: [
      '`sent 1011` in a Python log means that your own side closed.',
      'Many proxies say 1011 for a lost backend, where 1014 would tell more.',
      'A crash may return with the same input: stop or raise an alarm after some attempts.',
    ],
    use: "Something failed in you, through nobody else's doing. Do not put a stack trace into the reason.",
    retry: {
      registered: 'None.',
      practice: 'Reconnect with backoff; stop or raise an alarm after some attempts.',
      holdfast:
        'The fault may be gone, and another instance may not have it: treated like a lost connection. The gateway says 1011 only for a fault of its own, to both sides.',
    },
  },
}
