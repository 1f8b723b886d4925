import type { FindingText } from '../../finding-text.ts'

const nginxUpgrade = [
  '# nginx, in the location of this path:',
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
]

const apacheUpgrade = [
  '# Apache 2.4.47 or later:',
  'ProxyPass "/ws" "http://localhost:3000/ws" upgrade=websocket',
]

/** The words of what is found in the answer to the handshake. */
export const probeHandshake = {
  'upgrade-accepted': {
    title: '101 Switching Protocols',
    why: 'The server takes the handshake, also with a cookie of 4 KiB.',
    fix: [],
  },
  'upgrade-no-answer': {
    title: 'port {port} accepts connections, but does not answer a request within {after}',
    why: 'The process behind the port hangs or is stopped, it is not an HTTP server, or it is a proxy that waits for its backend.',
    fix: [
      '# see what listens there:',
      "ss -ltnp 'sport = :{port}'",
      '# restart it if it hangs; otherwise correct the port',
    ],
  },
  'upgrade-cut': {
    title: 'the connection ends before the handshake is answered: {words}',
    why: 'The server is no HTTP server, dies on the request, or lies behind a load balancer that has no server to give it to. It may also expect a PROXY protocol header first.',
    fix: [
      '# look into the log of the server at this moment',
      '# HAProxy and nginx, if the PROXY protocol is meant: accept-proxy; listen 80 proxy_protocol;',
    ],
  },
  'upgrade-not-http': {
    title: 'port {port} answers something that is not HTTP: {sample}',
    why: 'Another program listens there, such as a database, SSH or a bare TCP server.',
    fix: ['# see what listens there:', "ss -ltnp 'sport = :{port}'", '# correct the port'],
  },
  'tls-needed': {
    title: 'port {port} speaks TLS, so the URL must begin with wss',
    why: 'A request in the clear is refused there, or not answered at all.',
    fix: ['{url}'],
  },
  'redirect-to-https': {
    title: 'status {status} sends the client to TLS',
    why: 'Browsers do not follow a redirect of a WebSocket handshake (WHATWG): it just fails with 1006. A page that came over https may not open ws:// anyway.',
    fix: ['{to}'],
  },
  redirect: {
    title: 'status {status} sends the client to {to}',
    why: 'Browsers do not follow a redirect of a WebSocket handshake (WHATWG): it just fails with 1006. A redirect may add a slash or a host name, or lead to a login page.',
    fix: [
      '# use the new URL in the client:',
      '{to}',
      '# or take the path of the WebSocket out of the redirect',
    ],
  },
  'upgrade-ignored': {
    title: 'status {status}: the request is not routed to a WebSocket server',
    why: 'It was answered like that for a page, by "{by}". Either an ordinary HTTP server listens there, or a proxy sends this path elsewhere, or it does not pass the Upgrade header on.',
    fix: ['# correct the port and path of the URL, or:', ...nginxUpgrade, ...apacheUpgrade],
  },
  'upgrade-lost': {
    title: 'status {status}: the upgrade is lost on the way to the WebSocket server',
    why: 'The answer, by "{by}", is the same as to a request without Upgrade. That header and Connection are hop-by-hop: a proxy drops them unless it is told to pass them on, in HTTP/1.1.',
    fix: [...nginxUpgrade, ...apacheUpgrade],
  },
  'upgrade-as-http10': {
    title: 'status {status}: the proxy speaks HTTP/1.0 to the WebSocket server',
    why: 'So says the answer, by "{by}". A handshake needs HTTP/1.1 (RFC 6455 4.1), which nginx before 1.29.7 speaks to backends only when it is told to.',
    fix: nginxUpgrade,
  },
  'upgrade-refused': {
    title: 'status {status}: the server sees the handshake and refuses it',
    why: 'It answers a request without Upgrade in another way. Its words, by "{by}": {words}. It may want a subprotocol, a parameter, a cookie or a token that this check did not send.',
    fix: [
      '# send what the application sends:',
      "holdfast check URL --protocol NAME --header 'Cookie: …' --header 'Origin: …'",
    ],
  },
  'version-refused': {
    title: 'the server speaks version {versions} of the protocol, not 13',
    why: '13 is the version of RFC 6455, and the only one that today’s clients speak.',
    fix: ['# update the WebSocket library of the server'],
  },
  'origin-missing': {
    title: 'status {status}: the server wants an Origin header',
    why: 'With "Origin: {origin}" it accepts the handshake. Browsers send that header by themselves, other clients do not.',
    fix: [
      '# check as a browser on a page of this origin would:',
      "holdfast check URL --header 'Origin: {origin}'",
      '# or let the server take clients without Origin',
    ],
  },
  'origin-refused': {
    title: 'status {status}: the server refuses the origin {origin}',
    why: 'With another Origin, or with none, it accepts the handshake. A server checks Origin to keep other sites from using the cookies of its users.',
    fix: [
      '# add {origin} to the origins that the server allows, exactly: scheme, host and port',
      '# behind a proxy, where the server compares Origin with Host; nginx:',
      'proxy_set_header Host $host;',
    ],
  },
  'subprotocol-wanted': {
    title: 'the server wants a subprotocol ({words})',
    why: 'The client must offer one that the server knows, as the second argument of new WebSocket(url, protocols).',
    fix: ['holdfast check URL --protocol {protocol}'],
  },
  'subprotocol-refused': {
    title: 'status {status}: the server refuses the subprotocols {offered}',
    why: 'Without a subprotocol it accepts the handshake. It knows none, or others.',
    fix: ['# offer a subprotocol that the server knows, or none'],
  },
  unauthorized: {
    title: 'status {status}: the server wants credentials',
    why: 'The answer is by "{by}". Browsers send cookies with a handshake, but cannot send an Authorization header.',
    fix: ["holdfast check URL --header 'Cookie: …'", "holdfast check URL --header 'Authorization: Bearer …'"],
  },
  forbidden: {
    title: 'status {status}: the server does not let this client in',
    why: 'The answer is by "{by}", and another Origin does not change it. It may want a cookie or token, come from a firewall for web applications, or from a proxy that is not allowed to upgrade, such as Envoy without upgrade_configs.',
    fix: [
      "holdfast check URL --header 'Cookie: …'",
      '# Envoy:',
      'upgrade_configs:',
      '- upgrade_type: websocket',
    ],
  },
  'path-not-found': {
    title: 'status {status}: no WebSocket server at {target}',
    why: 'The answer is by "{by}". The path is misspelt, the proxy does not route it, takes a part of it off, or does not pass the Upgrade header on.',
    fix: [
      '# correct the path of the URL, or route it; nginx:',
      'location /ws {',
      '    proxy_pass http://localhost:3000;',
      '    proxy_http_version 1.1;',
      '    proxy_set_header Upgrade $http_upgrade;',
      '    proxy_set_header Connection "upgrade";',
      '}',
      '# with --upstream this check tells proxy and server apart',
    ],
  },
  'path-not-routed': {
    title: 'status {status}: the proxy does not send {target} to the backend',
    why: 'The backend accepts the handshake at this path, and has no such answer as this one, by "{by}". So it is the proxy’s own, or that of another backend.',
    fix: [
      '# route the path; nginx:',
      'location /ws {',
      '    proxy_pass http://localhost:3000;',
      '    proxy_http_version 1.1;',
      '    proxy_set_header Upgrade $http_upgrade;',
      '    proxy_set_header Connection "upgrade";',
      '}',
      '# Caddy:',
      'reverse_proxy /ws* localhost:3000',
    ],
  },
  'path-changed': {
    title: 'status {status}: the proxy asks the backend for another path than {target}',
    why: 'The backend accepts the handshake at that path, and answers just so at a path that it does not know.',
    fix: [
      '# Caddy: handle in place of handle_path, and no uri strip_prefix or rewrite',
      'handle /ws* {',
      '    reverse_proxy localhost:3000',
      '}',
      '# nginx: no path behind the address, not even a slash',
      'proxy_pass http://localhost:3000;',
    ],
  },
  'headers-too-large': {
    title: 'cookies or other headers of {size} are too large here: {answer}',
    why: 'With smaller headers it accepts the handshake. A browser sends all cookies of the site with it, of up to 4 KiB each (RFC 6265 6.1).',
    fix: [
      '# nginx:',
      'large_client_header_buffers 4 16k;',
      '# HAProxy, in global:',
      'tune.bufsize 32768',
      '# Node.js:',
      'node --max-http-header-size=32768 server.js',
    ],
  },
  'answer-headers-too-large': {
    title: 'status {status}: the headers of the backend’s answer, {size}, are too large for the proxy',
    why: 'The backend accepts the handshake with headers that the proxy, "{by}", has no room for.',
    fix: [
      '# nginx:',
      'proxy_buffer_size 16k;',
      'proxy_buffers 4 16k;',
      '# or let the backend set fewer cookies with the handshake',
    ],
  },
  'too-many-requests': {
    title: 'status {status}: too many connections or requests from here',
    why: 'A limit is reached, says "{by}" (Retry-After: {retry}). A WebSocket counts as long as it is open.',
    fix: [
      '# wait, or raise the limit; nginx: limit_conn and limit_req',
      '# Traefik: inFlightReq and rateLimit',
    ],
  },
  'server-error': {
    title: 'status {status}: the server fails on the handshake',
    why: 'The answer is by "{by}". An application throws an error in its upgrade handler, or a proxy has no way to pass the upgrade on, such as Apache with a ws:// address and without mod_proxy_wstunnel.',
    fix: [
      '# look into the error log of the server at this moment',
      '# Apache:',
      'LoadModule proxy_wstunnel_module modules/mod_proxy_wstunnel.so',
    ],
  },
  'backend-unreachable': {
    title: 'status {status}: the proxy gets no right answer from its backend',
    why: 'The backend of "{by}" is down, listens on another port than the proxy asks, refuses connections, or cuts them.',
    fix: [
      '# on the machine of the backend:',
      'ss -ltnp',
      '# start it, or correct its address in the proxy; nginx:',
      'proxy_pass http://localhost:3000;',
      '# with --upstream this check tells proxy and server apart',
    ],
  },
  'backend-unavailable': {
    title: 'status {status}: no backend is available',
    why: 'A proxy, "{by}", takes all its backends for dead, or the server is overloaded or stopped for now (Retry-After: {retry}).',
    fix: [
      '# see how the proxy checks the health of its backends: a WebSocket server answers 400 or 426 to a plain GET',
      '# HAProxy:',
      'option httpchk',
      'http-check send meth GET uri /health',
      '# with --upstream this check tells proxy and server apart',
    ],
  },
  'backend-timeout': {
    title: 'status {status}: the backend does not answer the proxy in time',
    why: 'The proxy, "{by}", reaches nobody at the address of the backend, such as behind a firewall, or the backend hangs in its upgrade handler.',
    fix: [
      '# correct the address of the backend in the proxy, or restart the backend',
      '# with --upstream this check tells proxy and server apart',
    ],
  },
  'proxy-misses-backend': {
    title: 'status {status}: the proxy does not get through to the backend, which works',
    why: 'The backend accepts the handshake when asked directly. So "{by}" asks another address or port, does not know how to pass an upgrade on, or takes the backend for dead.',
    fix: [
      '# correct the address of the backend in the proxy; nginx:',
      'proxy_pass http://localhost:3000;',
      '# Apache, for ws:// addresses:',
      'LoadModule proxy_wstunnel_module modules/mod_proxy_wstunnel.so',
      '# what the configuration says:',
      'holdfast check --proxy-config FILE',
    ],
  },
  'accept-right': {
    title: 'key right, subprotocol: {protocol}, extensions: {extensions}',
    why: 'The headers of the 101 are as RFC 6455 4.2.2 wants them.',
    fix: [],
  },
  'accept-header-missing': {
    title: 'the 101 has no right {header} header',
    why: 'Clients fail the handshake without it (RFC 6455 4.1). A proxy or a rule for headers may have taken it away.',
    fix: [
      '# nginx: remove proxy_hide_header {header}',
      '# HAProxy: remove http-response del-header {header}',
    ],
  },
  'accept-key-wrong': {
    title: 'the 101 has the wrong Sec-WebSocket-Accept',
    why: 'It is {got}, and for the key that was sent it must be {wanted}. Browsers fail the handshake. The server computes it wrongly, or a proxy or cache changed the key or gave the answer to another request.',
    fix: [
      '# the server: base64(SHA-1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")), the key as it came',
      '# the proxy: pass Sec-WebSocket-Key on, and cache nothing here; nginx:',
      'proxy_cache off;',
    ],
  },
  'subprotocol-not-chosen': {
    title: 'the server chose none of the subprotocols {offered}',
    why: 'Browsers fail the handshake when they offered subprotocols and got none (WHATWG). The server does not know them, or a proxy dropped the header.',
    fix: [
      '# let the server choose one of them, or do not offer any',
      '# nginx: remove proxy_set_header Sec-WebSocket-Protocol and proxy_hide_header Sec-WebSocket-Protocol',
    ],
  },
  'subprotocol-never-offered': {
    title: 'the server chose the subprotocol {protocol}, which was not offered',
    why: 'Clients fail the handshake (RFC 6455 4.1). The server must choose among what the client offers, or none.',
    fix: [
      '# offer it, if it is the right one:',
      'holdfast check URL --protocol {protocol}',
      '# or let the server answer without Sec-WebSocket-Protocol',
    ],
  },
  'extension-never-offered': {
    title: 'the server chose the extension {extension}, which was not offered',
    why: 'Clients fail the handshake (RFC 6455 4.1).',
    fix: ['# switch {extension} off in the server, or update its WebSocket library'],
  },
} satisfies Record<string, FindingText>
