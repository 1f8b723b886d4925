import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in nginx files. */
export const nginx: TextsOf<'nginx'> = {
  'nginx-http-version': {
    title: 'nginx speaks HTTP/{version} to the server behind',
    why: 'An upgrade needs HTTP/1.1 (RFC 6455 4.1). nginx before 1.29.7 speaks HTTP/1.0 to servers behind it unless it is told otherwise, and HTTP/2 there carries no upgrade.',
    fix: ['proxy_http_version 1.1;'],
  },
  'nginx-upgrade-header': {
    title: 'location {location} sends Upgrade: {value} to the server behind',
    why: 'Upgrade is a hop-by-hop header, so nginx does not pass it on by itself. Without it the server behind sees an ordinary request and answers 200, 400, 404 or 426.',
    fix: ['proxy_set_header Upgrade $http_upgrade;'],
  },
  'nginx-connection-header': {
    title: 'location {location} sends Connection: {value} to the server behind',
    why: 'The server behind takes a request for a WebSocket only if its Connection header names upgrade. nginx sends close unless it is told otherwise.',
    fix: ['proxy_set_header Connection "upgrade";'],
  },
  'nginx-headers-not-inherited': {
    title: 'location {location} loses the Upgrade and Connection headers that are set around it',
    why: 'A block inherits proxy_set_header lines only if it has none of its own. This one has, so it must repeat them all.',
    fix: ['proxy_set_header Upgrade $http_upgrade;', 'proxy_set_header Connection "upgrade";'],
  },
  'nginx-map-missing': {
    title: '{variable} is used and nowhere defined',
    why: 'The variable is no part of nginx: it comes from a map that stands beside the servers, in the http block. nginx refuses to start without it.',
    fix: ['map $http_upgrade {variable} {', '    default upgrade;', "    ''      close;", '}'],
  },
  'nginx-map-value': {
    title: 'the map makes {variable} "{value}" for a WebSocket',
    why: 'For a request with Upgrade: websocket the map must give upgrade. The empty string on the left stands for requests without the header.',
    fix: ['map $http_upgrade {variable} {', '    default upgrade;', "    ''      close;", '}'],
  },
  'nginx-read-timeout': {
    title: 'a WebSocket is cut after {timeout} in which nothing passed',
    why: 'proxy_read_timeout also runs while a WebSocket is open. The client sees 1006. Keep it above the interval of the pings, or far above where nobody pings.',
    fix: ['proxy_read_timeout 1h;'],
  },
  'nginx-default-timeout': {
    title: 'location {location} cuts a WebSocket after 60 s in which nothing passed',
    why: 'Nothing that was read sets proxy_read_timeout for it, the default is 60 s, and it also runs while a WebSocket is open. The client sees 1006 after a quiet minute.',
    fix: ['proxy_read_timeout 1h;'],
  },
  'nginx-if': {
    title: 'if {condition} turns WebSockets away with {action}',
    why: 'The condition holds for the handshake of some browser. In an if, capital letters count with = and !=; browsers write Upgrade: websocket, and Firefox writes Connection: keep-alive, Upgrade.',
    fix: ['if ($http_upgrade !~* ^websocket$) {'],
  },
  'nginx-scheme': {
    title: 'proxy_pass does not know the scheme of {url}',
    why: 'To a proxy a WebSocket begins as an HTTP request, so the scheme is http, or https. nginx refuses to start with ws or wss.',
    fix: ['proxy_pass {fixed};'],
  },
  'nginx-handshake-headers': {
    title: 'a header that the handshake needs is dropped: {directive}',
    why: 'The server needs Sec-WebSocket-Key and -Version of the client, and the client needs Upgrade and Sec-WebSocket-Accept of the server.',
    fix: ['# remove: {directive}'],
  },
  'nginx-path-slash': {
    title: 'location {location} with {target} turns {example} into {seen}',
    why: 'proxy_pass with a path replaces the part that location matched, letter by letter. When only one of the two ends in a slash, a slash is doubled or lost.',
    fix: ['# end both with a slash, or none:', '{fixed}'],
  },
  'nginx-header-buffers': {
    title: 'the handshake may not fit: {directive}',
    why: 'A browser sends all cookies of the site with the handshake. A request that is too large for the buffer ends in 400, an answer that is too large in 502.',
    fix: ['large_client_header_buffers 4 8k;', 'proxy_buffer_size 8k;'],
  },
  'nginx-wrong-pass': {
    title: 'location {location} uses {directive}, which cannot carry a WebSocket',
    why: 'FastCGI, uwsgi, SCGI and gRPC have no upgrade. The server behind needs a port that speaks HTTP, and nginx must use proxy_pass.',
    fix: [
      'proxy_pass http://127.0.0.1:8000;',
      'proxy_http_version 1.1;',
      'proxy_set_header Upgrade $http_upgrade;',
      'proxy_set_header Connection "upgrade";',
      'proxy_read_timeout 1h;',
    ],
  },
  'nginx-backend-tls': {
    title: '{url} sends plain HTTP to port 443',
    why: 'A TLS server answers such a request with 400, or closes the connection.',
    fix: ['proxy_pass {fixed};', 'proxy_ssl_server_name on;'],
  },
  'nginx-sticky': {
    title: 'Socket.IO requests of one client go to different servers of upstream {upstream}',
    why: 'Socket.IO begins with a few HTTP requests that belong together. The server that gets the upgrade must be the one that opened the session; another answers 400.',
    fix: ['hash $remote_addr consistent;  # inside upstream {upstream}'],
  },
  'nginx-stream-timeout': {
    title: 'an idle connection through the stream module is cut after {timeout}',
    why: 'proxy_timeout ends a connection on which nothing passed in either direction for that long.',
    fix: ['proxy_timeout 1h;'],
  },
}
