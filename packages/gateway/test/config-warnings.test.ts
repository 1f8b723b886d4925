import { expect, test } from 'vitest'
import { linesFor } from './config-text.ts'

test.each([
  [
    'a range that trusts everyone',
    'trustedProxies: [10.0.0.0/8, 0.0.0.0/0]\nroutes: [{ name: a, upstreams: [ws://b] }]',
    [
      'holdfast.yaml:1:30: warning: trustedProxies[1] lets every client claim any address; list the addresses of your proxies only',
    ],
  ],
  [
    'a route behind a catch-all',
    'routes:\n  - { name: all, upstreams: [ws://b] }\n  - { name: ws, match: { path: /ws }, upstreams: [ws://b] }',
    [
      'holdfast.yaml:3:5: warning: routes[1] is never reached: routes[0] (all) matches all its requests; put it before routes[0]',
    ],
  ],
  [
    'routes in the right order',
    'routes:\n  - { name: ws, match: { path: /ws }, upstreams: [ws://b] }\n  - { name: all, upstreams: [ws://b] }',
    [],
  ],
  [
    'a code after which clients stay away',
    'routes: [{ name: a, upstreams: [ws://b], closeCodes: { restart: 1000, tryAgain: 4000 } }]',
    [
      'holdfast.yaml:1:65: warning: routes[0].closeCodes.restart is 1000, after which clients do not come back',
    ],
  ],
  [
    'a limit that another makes senseless',
    'routes: [{ name: a, upstreams: [ws://b], limits: { connections: 5, perAddress: 6 } }]',
    ['holdfast.yaml:1:80: warning: routes[0].limits.perAddress has no effect, since limits.connections is 5'],
  ],
  [
    'a hold without a word about who restores sessions',
    'routes: [{ name: a, upstreams: [ws://b], hold: {} }]',
    [
      'holdfast.yaml:1:48: warning: routes[0].hold lets only those clients go on whose protocol is recognised, or whose server says Holdfast-Restored: 1; every other client is told 1012, to come back by itself; see docs/applications.md; write state: none if the server keeps nothing for a connection',
    ],
  ],
  [
    'a hold without replay',
    'routes: [{ name: a, upstreams: [ws://b], hold: { replay: none } }]',
    [
      'holdfast.yaml:1:48: warning: routes[0].hold lets only those clients go on whose server says Holdfast-Restored: 1; without that a client is told 1012, to come back by itself; see docs/applications.md; write state: none if the server keeps nothing for a connection',
    ],
  ],
  ['a hold of a stateless server', 'routes: [{ name: a, upstreams: [ws://b], hold: { state: none } }]', []],
  ['a hold with a replay', 'routes: [{ name: a, upstreams: [ws://b], hold: { replay: stomp } }]', []],
])('%s gives the warnings that belong to it', async (_, text, lines) => {
  expect(await linesFor(text)).toEqual(lines)
})
