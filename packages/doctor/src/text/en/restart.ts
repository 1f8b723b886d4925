import type { TextsOf } from '../../finding-text.ts'

const lines = '# the lines for your server are below, and in docs/restarting.md'

/** The words of what is found when a server is stopped and watched. */
export const restart: TextsOf<'restart'> = {
  'restart-announced': {
    title: '{manager}: clients are told {words} after {after}',
    why: '1012 says that the service restarts: clients come back, and know why.',
    fix: [],
  },
  'restart-no-close': {
    title: '{manager}: {count} clients are cut without a Close after {after}, and report 1006',
    why: 'TCP ends without a Close frame. Clients cannot tell a restart from a broken network, and what was on its way is lost.',
    fix: ['# on SIGTERM, say Close 1012 to every client, then end', lines],
  },
  'restart-done-code': {
    title: '{manager}: clients are told {words} after {after}, and many then stay away',
    why: '1000 means that the work is done. Clients that take it at its word do not come back: sockette, rpc-websockets, socketcluster-client and rxjs stay away for good.',
    fix: ['# say Close 1012 in place of 1000 when the server restarts', lines],
  },
  'restart-empty-close': {
    title: '{manager}: {count} clients get a Close without a code after {after}, and report 1005',
    why: 'An empty Close does not say why. A client cannot tell a restart from a sign-off.',
    fix: ['# close with a code: 1012', lines],
  },
  'restart-other-code': {
    title: '{manager}: clients are told {words} after {after}, not 1012',
    why: 'Most clients come back after it, but it does not say that the service restarts, and some take it for a refusal.',
    fix: ['# say Close 1012 when the server restarts', lines],
  },
  'restart-not-told': {
    title: '{manager}: clients are told nothing, and are cut by SIGKILL after {grace}',
    why: 'The server takes no new connections, or still does, and waits for those that are open, which do not end by themselves. Closing the listener is not enough: an open WebSocket is not a request that ends.',
    fix: ['# close the WebSockets, too: Close 1012 to every client', lines],
  },
  'restart-swallowed': {
    title: '{manager}: SIGTERM ends {by}, and {server} never gets it',
    why: 'Only the first process gets the signal, and this one does not pass it on. In a container all others are then killed at once; elsewhere the server stays behind and keeps the port.',
    fix: [
      '# let the server be the first process. In a container: CMD ["node", "server.mjs"] in place of npm start',
      '# in package.json: "start": "exec node server.mjs"',
      '# in a shell script: exec before the last command',
    ],
  },
  'restart-ignored': {
    title: '{manager}: as process 1 of a container, {by} ignores SIGTERM, and is killed after {grace}',
    why: 'The kernel gives process 1 only those signals for which it has a handler (pid_namespaces(7)). Elsewhere the same program dies of SIGTERM at once.',
    fix: [
      '# add a handler for SIGTERM, which says Close 1012 to every client',
      'docker run --init IMAGE    # or let a small init be process 1: then SIGTERM ends the server at once',
    ],
  },
  'restart-silent-client': {
    title: 'one client that never answers a Close holds the exit for {after}',
    why: 'A phone without a network is such a client. {manager} waits {grace} and then kills; where that is sooner, what the server does last (a database, a log) is not done.',
    fix: ['# cut what has not answered after some seconds: terminate() in ws', lines],
  },
  'restart-slow-exit': {
    title: '{manager}: the process ends {after} after the signal',
    why: 'A restart takes as long, and clients that were closed early find nobody meanwhile.',
    fix: ['# find what is waited for: open sockets, timers, a database', lines],
  },
  'restart-killed': {
    title: '{manager}: the process still runs after {grace} and is killed',
    why: 'All clients are gone, and it does not end: a timer, a listener or a connection to something else keeps it.',
    fix: ['# end it when the last client is gone: process.exit(0), or close what keeps it'],
  },
  'restart-left-behind': {
    title: '{manager}: {server} outlives the stop',
    why: 'It had SIGTERM and goes on; it keeps the port, so the new version cannot listen.',
    fix: ['# handle SIGTERM in it'],
  },
  'restart-lets-in': {
    title: 'newcomers are still let in while the server stops, {after} after the signal',
    why: 'They are on a server that goes away: each of them is closed once more.',
    fix: ['# close the listener first, or answer 503 with Retry-After', lines],
  },
  'restart-thrown-out': {
    title: 'newcomers are let in and {words} while the server stops, {after} after the signal',
    why: 'A client that takes "open" for success starts its backoff anew each time, and comes back without a pause.',
    fix: ['# close the listener first, or answer 503 with Retry-After', lines],
  },
  'restart-unanswered': {
    title: 'TCP is accepted and never answered while the server stops, {after} after the signal',
    why: 'Health checks of TCP stay green, and each newcomer waits for its own timeout.',
    fix: ['# close the listening socket when the server stops accepting'],
  },
  'restart-at-once': {
    title: 'all {count} clients are closed within {spread}',
    why: 'They come back in the same moment, all of them to whoever is up first.',
    fix: ['# spread the Closes over some seconds', lines],
  },
  'restart-no-delay': {
    title: 'the Close says {words}, without when to come back',
    why: 'With retry=MS in the reason, another number for each client, those that read it come back at a flat rate.',
    fix: ['# reason: service restart; retry=2400', lines],
  },
}
