import type { Measured } from '../src/operate/operations.ts'

/** Something to measure in which every field is filled. */
export const everyMetric: Measured = {
  workerRestarts: 2,
  carriers: [
    {
      id: 4,
      pid: 13,
      generation: 1,
      version: '0.9.0',
      node: 'v24.1.0',
      since: 0,
      connections: 5,
      memory: 2e6,
      draining: false,
    },
  ],
  handovers: { moved: 7, ended: 1 },
  logLinesDropped: 3,
  accessLinesDropped: 4,
  sockets: { pending: 4, refused: { pending: 1, descriptors: 2, 'dial-descriptors': 3 }, short: false },
  certificates: [
    { listener: '0.0.0.0:443', names: ['a.test'], expiresAt: 0, leftMs: 86_400_999, expiresSoon: true },
    { listener: '0.0.0.0:443', names: ['a.test', 'b.test'], expiresAt: 0, leftMs: -1_500, expiresSoon: true },
    { listener: '0.0.0.0:444', names: [], expiresAt: 0, leftMs: 5_000, expiresSoon: false },
  ],
  workers: [
    {
      id: 1,
      pid: 10,
      state: 'leaving',
      generation: 1,
      version: '1.0.0',
      startedAt: 0,
      connections: 3,
      process: { memory: 1e6, processor: 1.5, delay: 20, logLinesDropped: 3 },
    },
    { id: 3, pid: 12, state: 'ready', generation: 2, version: '1.1.0', startedAt: 0, connections: 0 },
    { id: 2, pid: 11, state: 'starting', generation: 2, version: '1.1.0', startedAt: 0, connections: 0 },
  ],
  snapshot: {
    unrouted: { handshakes: 5, requests: 6 },
    drains: [
      { scope: 'route chat', total: 10, closed: 10, moved: 0, cut: 0, done: true },
      { scope: 'gateway', total: 13, closed: 5, moved: 3, cut: 1, done: false },
      { scope: 'gateway', total: 2, closed: 0, moved: 0, cut: 0, done: false },
    ],
    routes: [
      {
        name: 'say "hi"\n\\',
        connections: { open: 3, held: 2, closing: 1 },
        waiting: 4,
        upstreams: [
          { name: 'ws://a', address: '10.0.0.1:80', healthy: true, state: 'not probed', connections: 3 },
          { name: 'dns:ws://b', address: '10.0.0.2:80', healthy: false, connections: 1 },
          { name: 'dns:ws://b', address: '10.0.0.3:80', healthy: true, connections: 1 },
          { name: 'ws://c', address: '10.0.0.4:80', healthy: false, connections: 0 },
          { name: 'ws://d', address: '10.0.0.5:80', healthy: true, state: 'failing', connections: 0 },
          { name: 'ws://e', address: '10.0.0.6:80', healthy: true, state: 'drained', connections: 1 },
        ],
        counters: {
          waits: { answered: 5, 'no-room': 1 },
          turnedAway: { 'close:1014': 2, 'http:502': 3 },
          judged: { restart: 4 },
          auth: { allowed: 6 },
          handshakes: {
            accepted: 9,
            'bad-gateway': 1,
            busy: 2,
            rejected: 3,
            'origin-refused': 4,
            'over-limit': 5,
            draining: 6,
            abandoned: 7,
            fault: 8,
          },
          closes: { '1000:client': 4, '1006:gateway': 2, '1012:upstream': 3 },
          messages: { 'to-upstream': 100, 'to-client': 200 },
          bytes: { 'to-upstream': 1000, 'to-client': 2000 },
          lost: { 'to-upstream': 3, 'to-client': 1 },
          reattachments: { attached: 5, refused: 1 },
          reattachSeconds: { '0.5': 3, '0.1': 2, Infinity: 1 },
          reattachSum: 9.5,
        },
      },
    ],
  },
}
