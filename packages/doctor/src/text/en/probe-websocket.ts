import type { FindingText } from '../../finding-text.ts'

/** The words of what is found on the open WebSocket, and of what two sides of a proxy show together. */
export const probeWebSocket = {
  'pong-came': {
    title: 'the Pong came back',
    why: 'Frames pass both ways, and the server answers Pings.',
    fix: [],
  },
  'pong-missing': {
    title: 'no Pong within {after}',
    why: 'The server must answer a Ping with a Pong (RFC 6455 5.5.2). It hangs, its library leaves Pings to the application, or the proxy does not pass frames on. Gateways take such a server for dead.',
    fix: [
      '# answer Pings in the server; ws for Node.js does so unless autoPong is false',
      '# the proxy must not buffer what comes after the 101',
    ],
  },
  'pong-wrong': {
    title: 'no Pong with the payload of the Ping within {after}',
    why: 'A Pong must bring back the same bytes (RFC 6455 5.5.3). Clients that measure or match them take the connection for dead.',
    fix: ['# copy the payload of the Ping into the Pong'],
  },
  'lost-after-upgrade': {
    title: 'the connection is lost {after} after the 101, without a Close',
    why: 'Clients see 1006. The server or its handler dies, or the proxy gives the 101 but cannot carry what follows.',
    fix: [
      '# look into the log of the server at this moment',
      '# behind a proxy, see whether it makes a tunnel of the connection after the 101',
    ],
  },
  'closed-at-once': {
    title: 'the server closes the connection {after} after the 101: {words}',
    why: 'It takes the handshake and then refuses the client. It may want a parameter, a token or a first message that this check did not send.',
    fix: [
      '# what the code means:',
      'holdfast explain {code}',
      '# send what the application sends:',
      "holdfast check URL --protocol NAME --header 'Cookie: …'",
    ],
  },
  'closed-bad-gateway': {
    title: 'a gateway takes the connection, and closes it {after} later: {words}',
    why: 'The gateway works, and gets no right answer from its backend.',
    fix: [
      '# start the backend, or correct its address in the gateway',
      'holdfast status',
      'holdfast explain {code}',
    ],
  },
  'closed-try-later': {
    title: 'the server closes the connection {after} after the 101, for it is not ready: {words}',
    why: 'It restarts, or is overloaded. Clients should come back by themselves after the delay that belongs to the code.',
    fix: ['# check again in a minute; if it stays so:', 'holdfast explain {code}'],
  },
  'closed-refused': {
    title: 'the server takes the connection, and refuses the client {after} later: {words}',
    why: 'The client may lack a cookie or a token, or come from a place that is not allowed.',
    fix: ["holdfast check URL --header 'Cookie: …'", 'holdfast explain {code}'],
  },
  'frames-broken': {
    title: 'the server breaks the protocol: {words}',
    why: 'Clients close the connection with 1002 (RFC 6455 5). Bytes that are not WebSocket frames come from a server that writes to the bare socket, or from a proxy that changes or compresses what passes.',
    fix: [
      '# update the WebSocket library of the server',
      '# the proxy must not compress or rewrite what comes after the 101',
    ],
  },
  'close-echoed': {
    title: 'code {sent} came back',
    why: 'The server answers a Close with the same code.',
    fix: [],
  },
  'close-code-dropped': {
    title: 'code {sent} was answered by an empty Close',
    why: 'The server, or something in between, loses close codes: each side sees 1005 in place of what the other said, and cannot know whether to come back.',
    fix: [
      '# answer a Close with the code that came (RFC 6455 5.5.1)',
      '# in a proxy of your own, hand code and reason on in both directions',
    ],
  },
  'close-code-changed': {
    title: 'code {sent} was answered by code {got}',
    why: 'A server typically answers with the code that came (RFC 6455 5.5.1). Something in between may replace codes, or the server says its own.',
    fix: ['# answer a Close with the code that came, if nothing speaks against it'],
  },
  'close-cut': {
    title: 'the connection was cut in place of an answer to the Close',
    why: 'A Close must be answered by a Close (RFC 6455 5.5.1). Clients see 1006 although they left in order.',
    fix: [
      '# let the server answer a Close before it ends the connection',
      '# in a proxy of your own, hand a Close on, and wait for its answer',
    ],
  },
  'close-unanswered': {
    title: 'a Close with code {sent} was not answered within {after}',
    why: 'A Close must be answered by a Close (RFC 6455 5.5.1). Clients wait for it, browsers for some seconds, and servers that leave it out pile up half-dead connections.',
    fix: ['# let the server answer a Close, and end the connection then'],
  },
  'second-connection': {
    title: 'a further connection was not possible: {words}',
    why: 'The first one worked. There may be a limit for each address, or some of several backends fail.',
    fix: ['# check again; compare the backends one by one with --upstream'],
  },
  'idle-survived': {
    title: 'open after {idle} of silence (server Pings: {pings})',
    why: 'Nothing cut the idle connection in that time. Many proxies do so after a minute, which --idle 70s finds.',
    fix: [],
  },
  'idle-cut': {
    title: 'an idle connection is cut after {after}, without a Close',
    why: 'Clients see 1006. A proxy or load balancer on the way ends connections on which nothing passes for that long: 60 s by default in nginx and Apache, in AWS load balancers and in many examples for HAProxy.',
    fix: [
      '# nginx:',
      'proxy_read_timeout 1h;',
      'proxy_send_timeout 1h;',
      '# HAProxy:',
      'timeout tunnel 1h',
      '# Apache:',
      'ProxyTimeout 3600',
      '# and where a limit cannot be changed, let the server send a Ping more often than that',
    ],
  },
  'idle-closed': {
    title: 'the server closes an idle connection after {after}: {words}',
    why: 'It says so with a code, so it is on purpose: it may wait for a first message, such as a login, or end idle connections.',
    fix: ['# what the code means:', 'holdfast explain {code}'],
  },
  'idle-dead': {
    title: 'after {idle} of silence nobody answers any more',
    why: 'The connection looks open and is dead: something on the way, such as a firewall or NAT, has forgotten it. Clients notice nothing and wait for ever.',
    fix: [
      '# let the server send a Ping more often than that, such as every 25 s',
      '# and let clients end a connection on which nothing comes for twice as long',
    ],
  },
  'large-message-passed': {
    title: 'messages of 64 KiB and {size} pass',
    why: 'They were read to their end.',
    fix: [],
  },
  'large-message-disliked': {
    title: 'the server dislikes messages that are not its own: {words}',
    why: 'It ends the connection whatever the size of the message, so that nothing can be said of large ones.',
    fix: [],
  },
  'message-too-big': {
    title: 'a message of {size} is too big: {words}',
    why: 'The server or a gateway has a limit (the last size that passed: {passed}). Clients that send more lose their connection.',
    fix: [
      '# raise the limit; ws for Node.js:',
      'new WebSocketServer({ maxPayload: 1024 * 1024 })',
      '# Holdfast, in the route:',
      'limits: { messageBytes: 1MiB }',
      '# or let the client cut what it sends into smaller messages',
    ],
  },
  'large-message-closed': {
    title: 'the server closes the connection at a message of {size}: {words}',
    why: 'A small message does not lead to this. 1009 would be the code for a message that is too big.',
    fix: [
      '# look into the log of the server at this moment',
      '# and raise its limit for messages, if that is what it hits',
    ],
  },
  'large-message-cut': {
    title: 'the connection is cut at a message of {size}, without a Close',
    why: 'Clients see 1006. A small message does not lead to this: the server dies on it or has a limit and does not say so, or something in between has one, such as a firewall for web applications.',
    fix: [
      '# look into the log of the server at this moment',
      '# raise the limit for messages, and close with 1009 where one is exceeded',
    ],
  },
  'large-message-stuck': {
    title: 'a message of {size} does not get through within {after}',
    why: 'A small one does. The server does not read on, or packets of full size are lost on the way, as in a VPN whose MTU is set too high.',
    fix: [
      '# the largest packet that passes (a lower number if this fails):',
      'ping -M do -s 1372 HOST',
      '# set the MTU of the interface to what passes, plus 28',
    ],
  },
  'fault-in-proxy': {
    title: 'the fault is in the proxy, or on the way to it ({proxy})',
    why: 'The backend is healthy when it is asked directly, and through the proxy it is not.',
    fix: ['# what the configuration of the proxy says:', 'holdfast check --proxy-config FILE'],
  },
  'fault-in-backend': {
    title: 'the fault is in the backend ({backend})',
    why: 'The backend has a fault when it is asked directly, too. What the proxy shows ({proxy}) comes from it, or must be checked again when that is fixed.',
    fix: ['# fix the backend first, then check again'],
  },
  'fault-in-both': {
    title: 'proxy and backend have a fault each ({proxy}, {backend})',
    why: 'What is wrong at the proxy does not come from the backend: it is not wrong there when the backend is asked directly, or the proxy fails before it asks.',
    fix: ['# fix both, then check again'],
  },
  'upstream-elsewhere': {
    title: 'the proxy is healthy, and the backend given with --upstream is not ({backend})',
    why: 'The proxy has another backend, reaches this one in another way, or makes up for the fault.',
    fix: ['# compare the URL given with --upstream with the configuration of the proxy'],
  },
} satisfies Record<string, FindingText>
