import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in Traefik files, static and dynamic, and in its Kubernetes resources. */
export const traefik: TextsOf<'traefik'> = {
  'traefik-headers': {
    title: 'a middleware changes {header}, which the handshake needs',
    why: 'Traefik passes the headers of a WebSocket by itself. An empty value in customRequestHeaders removes the header, another one overwrites it.',
    fix: ['# remove {header} from customRequestHeaders'],
  },
  'traefik-h2c': {
    title: '{url} is spoken to in HTTP/2 only',
    why: 'HTTP/2 there carries no upgrade. Traefik before 3.6.22 and 3.7.6 answers the handshake with 500; later ones use HTTP/1.1 for it.',
    fix: ['{fixed}'],
  },
  'traefik-scheme': {
    title: 'Traefik does not know the scheme of {url}',
    why: 'To a proxy a WebSocket begins as an HTTP request, so the scheme is http, or https.',
    fix: ['{fixed}'],
  },
  'traefik-rule': {
    title: 'the rule on {header} with {value} misses some WebSockets',
    why: 'Traefik compares a whole value, and capital letters count. Firefox sends Connection: keep-alive, Upgrade, and browsers write websocket in small letters.',
    fix: ['{fixed}'],
  },
  'traefik-exact-path': {
    title: 'the rule matches {path} only, and nothing below it',
    why: 'Clients of Socket.IO ask for {path}/ with a slash at the end.',
    fix: ['PathPrefix(`{path}`)'],
  },
  'traefik-in-flight': {
    title: 'inFlightReq lets {amount} WebSockets be open at a time',
    why: 'A WebSocket counts as a request in flight for as long as it is open. The next client gets 429.',
    fix: ['# leave inFlightReq out of the router for WebSockets, or raise it:', '{fixed}'],
  },
  'traefik-path-stripped': {
    title: 'the server behind does not see {prefix}',
    why: 'A server that listens for WebSockets on that very path answers 404. This is right only if it listens on what is left.',
    fix: ['# leave stripPrefix out of the router for WebSockets'],
  },
  'traefik-pass-host': {
    title: 'the server behind sees its own address as Host',
    why: 'Many servers compare Origin with Host, to keep other sites from opening WebSockets, and answer 403 when they differ.',
    fix: ['{fixed}'],
  },
  'traefik-sticky': {
    title: 'Socket.IO requests of one client go to different servers of {service}',
    why: 'Socket.IO begins with a few HTTP requests that belong together. The server that gets the upgrade must be the one that opened the session; another answers 400.',
    fix: ['{fixed}'],
  },
}
