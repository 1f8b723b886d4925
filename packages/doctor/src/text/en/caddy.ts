import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in Caddyfiles and in Caddy's JSON. */
export const caddy: TextsOf<'caddy'> = {
  'caddy-header-up': {
    title: 'a header that the handshake needs is changed: {operation}',
    why: 'Caddy passes the headers of a WebSocket by itself. This line takes one away, or puts into it what no server takes for a handshake.',
    fix: ['# remove: {operation}'],
  },
  'caddy-read-timeout': {
    title: 'a WebSocket is cut after {timeout} in which the server sent nothing',
    why: 'read_timeout of the transport runs on the connection to the server behind, and goes on while a WebSocket is open.',
    fix: ['# remove read_timeout; for slow answers there is:', 'response_header_timeout {timeout}'],
  },
  'caddy-stream-timeout': {
    title: 'every WebSocket is cut after {timeout}, idle or not',
    why: 'stream_timeout limits the whole life of a connection, not its silence.',
    fix: ['# remove stream_timeout, or:', 'stream_timeout 24h'],
  },
  'caddy-h2c': {
    title: '{upstream} is spoken to in HTTP/2 only, which carries no upgrade',
    why: 'With h2c Caddy gives up HTTP/1.1 to this server, and answers the handshake with 502.',
    fix: [
      '# a second reverse_proxy for WebSockets, without h2c:',
      '@websocket header Upgrade websocket',
      'reverse_proxy @websocket http://localhost:3000',
    ],
  },
  'caddy-rewritten-first': {
    title: '"{directive}" changes the path before {path} is looked at',
    why: 'Caddy sorts directives: what changes or answers a request comes before handle and reverse_proxy, wherever it stands in the file. The handshake then matches another path.',
    fix: ['handle {path} {', '    reverse_proxy localhost:3000', '}', 'handle {', '    {directive}', '}'],
  },
  'caddy-path-stripped': {
    title: 'the server behind gets / where the client asked for {path}',
    why: 'handle_path and uri strip_prefix take the prefix off. A server that listens for WebSockets on that very path answers 404. This is right only if it listens on what is left.',
    fix: ['handle {path} {', '    reverse_proxy localhost:3000', '}'],
  },
  'caddy-matcher': {
    title: 'the matcher header {header} {value} misses some WebSockets',
    why: 'Caddy compares a whole value, and capital letters count. Firefox sends Connection: keep-alive, Upgrade, and browsers write websocket in small letters.',
    fix: ['header {header} {fixed}'],
  },
  'caddy-scheme': {
    title: 'Caddy takes {upstream} for an address without TLS',
    why: 'Only https:// turns on TLS to the server behind. A WebSocket begins as an HTTP request, so https is the right scheme.',
    fix: ['reverse_proxy {fixed}'],
  },
  'caddy-upstream-path': {
    title: 'an address of reverse_proxy cannot have a path: {upstream}',
    why: 'The path of the request is passed on as it is. Caddy refuses to load the file, or cannot reach the server.',
    fix: ['reverse_proxy {fixed}'],
  },
  'caddy-exact-path': {
    title: 'the matcher {path} matches that path only, and nothing below it',
    why: 'Clients of Socket.IO ask for {path}/ with a slash at the end.',
    fix: ['reverse_proxy {path}/* localhost:3000'],
  },
  'caddy-v1': {
    title: '"{directive}" is from Caddy 1',
    why: 'Caddy 2 passes WebSockets without a word about them. It refuses to load a file with directives of Caddy 1.',
    fix: ['reverse_proxy localhost:3000'],
  },
  'caddy-sticky': {
    title: 'Socket.IO requests of one client go to different servers',
    why: 'Socket.IO begins with a few HTTP requests that belong together. The server that gets the upgrade must be the one that opened the session; another answers 400.',
    fix: ['lb_policy cookie'],
  },
}
