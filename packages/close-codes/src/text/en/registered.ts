import type { RegisteredText } from '../language.ts'

/** The codes that came to the registry after RFC 6455. */
export const registered: RegisteredText = {
  serviceRestart: {
    meaning: 'The service restarts. Reconnect.',
    says: 'I am restarting and will be back.',
    description:
      'A planned interruption: the server goes away on purpose, expects to be back soon, and wants its clients to reconnect spread over time.',
    whenSeen:
      'Uvicorn at every shutdown and reload (since 0.21), Phoenix when it drains its sockets (since 1.7.6), AWS API Gateway when it restarts, servers that say so in their SIGTERM handler, and Holdfast when it drains.',
    howToFix: [
      'Nothing is broken: reconnect after a random delay and resume.',
      'If it comes outside deploys, look for crash loops, auto-reload and recycling of workers.',
      'If clients do not reconnect, check that their library accepts 1012 and that their reconnect logic does not take a clean close for a final one.',
      'If all reconnect in the same second, add jitter to the client, or let the server give each connection its own `retry=`.',
    ],
    causes: [
      'A deploy or rolling update.',
      'A reload of the configuration, or auto-reload during development.',
      'Recycling of workers.',
      'Maintenance of a managed gateway.',
    ],
    pitfalls: [
      'With a fixed delay every client reconnects at the same moment.',
      'Some libraries refuse it on receipt and report a protocol error; see the table of support.',
      'nginx, HAProxy and a killed process do not send it: their restarts look like 1006. Caddy and Cloudflare say 1001.',
      'Uvicorn says 1012 also when it will not be back.',
      'Python websockets raises `ConnectionClosedError` for it, not `ConnectionClosedOK`.',
      'A script in a browser can receive it but not send it; `dart:io` cannot send it either.',
    ],
    use: 'You stop on purpose and will be back within seconds. Add a `retry=` of its own for each client.',
    retry: {
      registered:
        'A random 5-30 s, in the mailing-list post that the registry cites for this code. Neither RFC 6455 nor the table of the registry states a delay.',
      practice:
        'A random 1-5 s, then exponential backoff: about what Socket.IO and reconnecting-websocket wait. Some clients wait 10-50 ms and rely on the server to spread its closes, as Phoenix does.',
      holdfast:
        'Obeys `retry=`, because only the server knows how many clients it disconnects and when it is back; the gateway gives each connection its own, evenly spread. Without `retry=` it takes the short range of common practice, because in most restarts other instances already serve. Where thousands of clients reconnect to one process, let the server say `retry=`, or use the long range.',
    },
  },
  tryAgainLater: {
    meaning: 'The server is overloaded and drops this client. Reconnect later.',
    says: 'I am at capacity. Reconnect later.',
    description:
      'Load shedding. It was proposed as "Service Overload" and registered as "Try Again Later". A Close frame has no `Retry-After` field, so a hint has to stand in the reason.',
    whenSeen:
      "Limits on connections or rooms, overload in servers on Cap'n Proto such as workerd, rate limits. From Holdfast, when a limit of the gateway is reached or an upstream answers the handshake with 503 or 429.",
    howToFix: [
      'Wait far longer than after 1012, and longer each time.',
      'Use another host if there is one, and tell the user.',
      'On the server, add capacity or make connecting cheaper.',
      'Where clients can read an HTTP status, shed before the upgrade: 503 with `Retry-After` costs less than an accepted connection.',
    ],
    causes: [
      'Overload.',
      'A quota of connections was reached.',
      'A rate limit was exceeded.',
      'Maintenance mode.',
    ],
    pitfalls: [
      'Reconnecting fast makes the overload worse.',
      'The libraries that refuse 1012 on receipt refuse 1013 too.',
      'Sent before the connection is accepted it becomes an HTTP status, and a browser reports 1006.',
    ],
    use: 'You are healthy but at capacity. Add `retry=`. Clients that can read an HTTP status are better refused before the upgrade.',
    retry: {
      registered:
        'In the post that the registry cites: go only to another address of the same target, or to the same one when the user asks for it. That is stricter than the name: no automatic reconnect.',
      practice:
        'Mixed: many clients use the backoff that they have for every code; those that tell it apart wait 30-120 s with jitter, and growing.',
      holdfast:
        "Obeys `retry=`, which the gateway takes from an upstream's `Retry-After`, or spreads over time for limits of its own. Without it a client waits longer than after any other code, and never reconnects at once.",
    },
  },
  badGateway: {
    meaning: 'A gateway got no valid answer from the server behind it.',
    says: 'I am fine; the server behind me is not.',
    description:
      'The gateway itself is up; the server behind it does not answer as it should. The equivalent of HTTP 502, for a connection that is already a WebSocket.',
    whenSeen:
      'Behind Holdfast, when an open connection loses its upstream. A client that gets none at all is told so too if it shows that it understands close codes, or if the route says `badGateway: close`; any other gets HTTP 502, 503 or 504, with this code in the body. Elsewhere seldom: nginx, HAProxy, Caddy, Cloudflare and AWS API Gateway were not found to send it; there the same failure is HTTP 502, 1006 or 1011.',
    howToFix: [
      'Read the reason. Behind Holdfast it says what went wrong: `connection refused`, `no answer in 5 s`, `status 500`.',
      'Check the health of the upstream: is the process up, and does it answer on its own machine? `curl -i http://HOST:PORT/PATH` has to show some HTTP answer.',
      'Check the port: is it the one on which the server listens, and can the gateway reach it? Inside a container `localhost` is the container.',
      'Check that the proxy routes upgrades: host and path lead to the WebSocket server, and every proxy on the way speaks HTTP/1.1 and passes `Connection` and `Upgrade`. The answer has to be 101.',
      'Check TLS between gateway and upstream: `wss://` to a plain port, or a certificate that does not verify.',
      'If it follows a wave of 1012, the upstream is restarting: wait, and let it start listening before the old one stops.',
    ],
    causes: [
      'The upstream is down, restarting or hanging.',
      'The gateway has a wrong host, port or path.',
      'A proxy between gateway and upstream does not pass the upgrade.',
      'One side speaks TLS and the other does not, or the certificate does not verify.',
      'The upstream cut the connection.',
    ],
    pitfalls: [
      'No other registered code is refused on receipt by so many libraries; gorilla/websocket and tungstenite answer it with 1002. Browsers take it.',
      'It was registered after 1012 and 1013, and older lists of codes lack it.',
      'Small projects misuse it for "unauthorized".',
    ],
    use: 'You are a gateway, and the server behind you is out of reach, silent or wrong. Put the cause into the reason.',
    retry: {
      registered: 'None. The registration compares it with HTTP 502 and gives no delay.',
      practice:
        'As after HTTP 502: reconnect after a second or so, with exponential backoff and jitter. graphql-ws reconnects after it; the WebSocket extension of htmx does not.',
      holdfast:
        'Starts short, because another upstream may already serve, and backs off fast, because the gateway has already tried the others.',
    },
  },
  unauthorized: {
    meaning: 'Authentication is needed, or it failed. Like HTTP 401.',
    says: 'Log in first.',
    description:
      'The registered way to say "log in first". It stands in the range for libraries and frameworks, so other software may mean something else by the same number.',
    whenSeen:
      'The OpenAI Realtime API with a wrong key. Holdfast with `rejections: close`, when an upstream answers the handshake with 401.',
    howToFix: [
      'Get a fresh credential, then reconnect at once.',
      'As the author of a server, accept the upgrade first and close with 3000 and a reason: HTTP 401 reaches a page only as 1006.',
    ],
    causes: ['A token that is missing, wrong or expired.', 'A session that has ended.'],
    pitfalls: [
      'SockJS ("Go away!"), Centrifuge ("connection closed", reconnect) and WebSocket++ ("subprotocol error") use the same number.',
      'A uWebSockets server reports 1006 when a client sends any code from 3000 to 3999.',
      'graphql-ws has 4401 instead, and in another sense.',
    ],
    use: 'You do not know who the client is: it brought no credentials, or bad ones.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until there is a new credential.',
      holdfast: 'Only the application can get a new credential.',
    },
  },
  forbidden: {
    meaning: 'Authenticated, but not allowed. Like HTTP 403.',
    says: 'I know you, and you may not.',
    description:
      'The registered way to say "you are known, and this is not for you". It tells more than 1008.',
    whenSeen:
      'Seldom: most services use 4403 or 1008. Holdfast with `rejections: close`, when an upstream answers the handshake with 403.',
    howToFix: [
      'Check roles, plan and the rights on the channel.',
      'Do not loop: the next attempt ends the same way.',
    ],
    causes: ['A permission is missing.', 'The plan does not include it.', 'The user is banned.'],
    pitfalls: [
      'A number of the range for libraries: a framework may mean something else by it.',
      'A uWebSockets server reports 1006 when a client sends any code from 3000 to 3999.',
    ],
    use: 'You know who the client is, and it may not do this.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until the permissions have changed.',
      holdfast: 'Only a change of permissions helps.',
    },
  },
  timeout: {
    meaning: 'The endpoint waited too long for the peer. Like HTTP 408.',
    says: 'I waited for you too long.',
    description:
      'The registered way to say "I waited too long for your message", such as an authentication message that never came.',
    whenSeen:
      'Services with a deadline for authentication or heartbeats; most use 4408 (graphql-ws, Hocuspocus), or just 1001 or 1006. Holdfast with `rejections: close`, when an upstream answers the handshake with 408.',
    howToFix: [
      'Send the expected message in time.',
      'If it was sent, look for what held it up: a blocked event loop, a slow network, a full send buffer.',
      'Raise the deadline if it is too short for real networks.',
    ],
    causes: [
      'No authentication message in time.',
      'A heartbeat of the application was missed.',
      'A client that is too slow.',
    ],
    pitfalls: ['Centrifuge uses the same number for a client that reads too slowly.'],
    use: 'You gave the peer a deadline for a message, and it has passed.',
    retry: {
      registered: 'None.',
      practice: 'Reconnect with backoff.',
      holdfast: 'A late message is often an accident of the network, so the next attempt may be in time.',
    },
  },
}
