import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in HAProxy files. */
export const haproxy: TextsOf<'haproxy'> = {
  'haproxy-tunnel-timeout': {
    title: 'an idle WebSocket is cut after {timeout}',
    why: 'After the upgrade, timeout tunnel is the only limit: it ends a connection on which nothing passed for that long.',
    fix: ['timeout tunnel 1h'],
  },
  'haproxy-no-tunnel-timeout': {
    title: 'backend {backend} has no timeout tunnel, so {name} cuts an idle WebSocket after {timeout}',
    why: 'Without timeout tunnel, the limits that are made for requests stay in force on an open WebSocket, and the shorter one cuts it.',
    fix: ['timeout tunnel 1h  # in defaults, or in backend {backend}'],
  },
  'haproxy-tunnel-in-frontend': {
    title: 'timeout tunnel does nothing in frontend {frontend}',
    why: 'HAProxy reads it in defaults, backend and listen, and ignores it in a frontend, with no more than a warning.',
    fix: ['timeout tunnel 1h  # in the backend, or in defaults'],
  },
  'haproxy-acl-case': {
    title: '{header} is compared with {pattern}, and capital letters count',
    why: 'Clients write Upgrade: websocket, and Connection: Upgrade, each in its own way. HAProxy compares letter by letter unless -i is given, so these requests go elsewhere.',
    fix: ['acl is_websocket hdr({header}) -i {pattern}'],
  },
  'haproxy-denied': {
    title: 'WebSockets are turned away: {rule}',
    why: 'The condition of the rule holds for the handshake of every browser.',
    fix: ['# remove: {rule}'],
  },
  'haproxy-header-rule': {
    title: 'a rule takes away a header of the handshake: {rule}',
    why: 'The server behind needs Upgrade and Connection to see a handshake, and the client needs them, and Sec-WebSocket-Accept, in the answer.',
    fix: ['# remove: {rule}'],
  },
  'haproxy-server-h2': {
    title: 'server {server} is spoken to in HTTP/2 only',
    why: 'HAProxy then sends the WebSocket as RFC 8441 defines, which few servers understand. ws h1 makes WebSockets use HTTP/1.1 while the rest stays on HTTP/2.',
    fix: ['server {server} ... ws h1'],
  },
  'haproxy-health-check': {
    title: 'the health check asks {path} without an upgrade',
    why: 'A WebSocket server answers 400 or 426 to that. HAProxy then takes it for dead, and every client gets 503.',
    fix: [
      'option httpchk',
      'http-check send meth GET uri {path} ver HTTP/1.1 hdr Host localhost hdr Connection Upgrade hdr Upgrade websocket hdr Sec-WebSocket-Key dGhlIHNhbXBsZSBub25jZQ== hdr Sec-WebSocket-Version 13',
      'http-check expect status 101',
    ],
  },
  'haproxy-maxconn': {
    title: 'server {server} takes {maxconn} WebSockets, and the next client waits',
    why: 'maxconn on a server counts requests that run at the same time. A WebSocket runs for as long as it is open, so further handshakes queue until timeout queue ends them with 503.',
    fix: ['server {server} ... maxconn 20000'],
  },
  'haproxy-sticky': {
    title: 'Socket.IO requests of one client go to different servers of backend {backend}',
    why: 'Socket.IO begins with a few HTTP requests that belong together. The server that gets the upgrade must be the one that opened the session; another answers 400.',
    fix: ['cookie SERVERID insert indirect nocache', 'server s1 10.0.0.1:3000 check cookie s1'],
  },
  'haproxy-backend-tls': {
    title: 'server {server} gets plain HTTP on port 443',
    why: 'A TLS server answers such a request with 400, or closes the connection.',
    fix: [
      'server {server} ... ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt sni str(app.example.com)',
    ],
  },
}
