// What a command prints when the remote is hostile, or something else than a gateway.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { shown } from '../src/remote-answer.ts'
import { commandLine } from './command-line.ts'

type Server = http.Server | net.Server
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    if (server instanceof http.Server) server.closeAllConnections()
  }
})

async function listening(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const remote = (answer: http.RequestListener) => listening(http.createServer(answer))
const saying = (status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}) =>
  remote((_, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body)),
  )

/** Steers a terminal: clears it, sets its title, turns text around, ends lines. */
const evil = 'a\x1b[2J\x1b]0;owned\x07\x9b31m\u202eb\u2066\u2028\r\n\x00\x7f\u200f\ud800z'
// What may reach a terminal besides ends of lines; colours are off here.
const steering = /[^\P{C}\n]|[\u2028\u2029]/u

const counts = { 'to-upstream': 1, 'to-client': 1 }
const evilState = {
  version: evil,
  phase: evil,
  pid: 1,
  startedAt: 1,
  uptime: 1,
  listen: [evil],
  admin: evil,
  workers: [{ id: 1, pid: 1, state: evil, generation: 1, version: evil, startedAt: 1, connections: 1 }],
  workerRestarts: 0,
  upgrade: { startedAt: 0, phase: 'failed', from: evil, to: evil, total: 1, moved: 1, ended: 1, error: evil },
  routes: [
    {
      name: evil,
      connections: { open: 1, held: 1, closing: 1 },
      upstreams: [{ name: evil, address: evil, healthy: false, connections: 1, lastError: evil }],
      counters: {
        handshakes: { accepted: 1, [evil]: 1 },
        closes: { [`${evil}:${evil}`]: 1 },
        messages: counts,
        bytes: counts,
        lost: counts,
        reattachments: { attached: 1 },
      },
    },
  ],
  drains: [{ scope: evil, total: 1, closed: 1, moved: 1, cut: 1, done: false }],
}
const evilConnection = {
  id: evil,
  route: evil,
  upstream: evil,
  address: evil,
  state: evil,
  reattached: 0,
  openedAt: 0,
  messages: counts,
  bytes: counts,
  protocol: evil,
}
const evilUpgrade = {
  startedAt: 1,
  phase: 'done',
  from: evil,
  to: evil,
  total: 1,
  moved: 1,
  ended: 1,
  ms: 1,
  closes: { [evil]: 1 },
}
const evilError = { error: { code: evil, message: evil, problems: [evil] } }

const commands: [command: string, answer: unknown][] = [
  ['status', evilState],
  ['connections', { connections: [evilConnection] }],
  ['reload', { changes: [evil], notes: [evil], drained: 1 }],
  ['upgrade', evilUpgrade],
  ['drain', { closed: 1, moved: 1, cut: 1 }],
]

describe.each(commands)('holdfast %s', (command, answer) => {
  test.each(['', ' --json'])('%s writes what could steer a terminal as escapes', async (json) => {
    const admin = await saying(200, answer)
    const { status, stdout, stderr } = await commandLine(`${command}${json} --admin ${admin}`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).not.toMatch(steering)
    // As JSON it is the same document.
    if (json) expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(answer)))
    else if (command !== 'drain') expect(stdout).toContain('a\\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\u202eb')
  })

  test.each(['', ' --json'])('%s does so with a refusal, too', async (json) => {
    const admin = await saying(422, evilError)
    const { status, stdout, stderr } = await commandLine(`${command}${json} --admin ${admin}`)
    expect(status).toBe(1)
    expect(stdout + stderr).not.toMatch(steering)
    if (!json) expect(stderr.trimEnd().split('\n')).toHaveLength(2)
  })

  const others: [what: string, answer: () => Promise<string>][] = [
    ['a page', () => saying(200, '<html><h1>\x1b[2JHello</h1></html>', { 'content-type': 'text/html' })],
    ['nothing', () => saying(200, '')],
    ['another document', () => saying(200, { hello: 'world' })],
    ['a list', () => saying(200, [])],
    ['null', () => saying(200, 'null')],
    [
      'numbers where texts should be',
      () =>
        saying(
          200,
          JSON.stringify(answer, (_key, value) => (typeof value === 'number' ? `${value}` : value)),
        ),
    ],
    ['a document nested without end', () => saying(200, '['.repeat(200_000) + ']'.repeat(200_000))],
    ['another error', () => saying(500, { error: { message: { evil } } })],
    ['an error that is a text', () => saying(500, { error: evil })],
    ['a page of an error', () => saying(502, '<html>Bad Gateway</html>')],
    ['a redirect', () => saying(302, '', { location: 'http://127.0.0.1:1/' })],
    ['a redirect that looks like an answer', () => saying(307, evilError)],
    [
      'no HTTP',
      () =>
        listening(net.createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-\x1b[2J\r\n'))),
    ],
    ['a body without end', () => endless()],
  ]
  test.each(others)('says in one line that %s is no answer of a gateway', async (_, start) => {
    const admin = await start()
    const { status, stdout, stderr } = await commandLine(`${command} --admin ${admin}`)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^holdfast: [ -~]{20,160}\n$/)
    expect(stderr).toContain(admin)
  })
})

test('an answer that drips ends at its limit, however often a byte comes', async () => {
  const admin = await remote((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(timer))
  })
  const { status, stderr } = await commandLine(`status --admin ${admin}`)
  expect({ status, stderr }).toEqual({ status: 1, stderr: `holdfast: ${admin} did not answer in 10 s\n` })
})

test('what is shown has the same shape, and nothing that comes from a prototype', () => {
  const value = JSON.parse('{"__proto__":{"x":"\\u001b"},"list":[1,null,true,"\\u009b"]}')
  expect(JSON.stringify(shown(value))).toBe('{"__proto__":{"x":"\\\\x1b"},"list":[1,null,true,"\\\\x9b"]}')
})

/** More bytes than there is memory for, if somebody gathers them. */
function endless(): Promise<string> {
  const piece = Buffer.alloc(1024 * 1024, ' ')
  return remote((_, response) => {
    response.writeHead(200).on('error', () => {})
    const more = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more)
    more()
  })
}
