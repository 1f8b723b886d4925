// `holdfast demo --only-stay`: the server of the page "Try it", asked as a page and as a stranger would.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { Child, childrenOf, eventually, gone, waitLimitMs, within } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface State {
  demo: { token: string; backend: string; urls: Record<'direct' | 'gateway' | 'hold', string> }
  error?: { code: string; message: string }
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  body: State
}

function ask(
  url: URL,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const request = http.request(url, { method, headers: { ...headers }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const json = /json/.test(response.headers['content-type'] ?? '')
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text, body: json ? JSON.parse(text) : undefined })
      })
    })
    request.on('error', reject).end(body)
  })
  return within(waitLimitMs, `an answer of ${url}`, answered)
}

/** The demo, the address of its page and of what the page asks. */
async function start() {
  const demo = new Child(process.execPath, [main, 'demo', '--only-stay'])
  const page = new URL(await demo.line('its page', (line) => /try it at (http:\S+)/.exec(line)?.[1], 20_000))
  const control = new URL('/docs/try.json', page)
  const { token, urls } = (await ask(control)).body.demo
  const own = { origin: page.origin, 'x-holdfast-demo': token, 'content-type': 'application/json' }
  return {
    demo,
    page,
    control,
    urls,
    own,
    post: (body: unknown, headers: object = {}) =>
      ask(control, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(body) }),
    act: async (action: string) => {
      const { status, body } = await ask(control, {
        method: 'POST',
        headers: own,
        body: JSON.stringify({ action }),
      })
      expect({ action, status, error: body.error }).toEqual({ action, status: 200, error: undefined })
      return body.demo.backend
    },
  }
}
type Started = Awaited<ReturnType<typeof start>>

/** A client, and what its `close` event said. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  socket.on('error', () => {})
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  const opened = new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true))
    void closed.then(() => resolve(false))
  })
  return { socket, opened, closed }
}

async function opened(url: string) {
  const client = await connect(url)
  expect(await within(waitLimitMs, `an open ${url}`, client.opened)).toBe(true)
  return client
}

const closeOf = (client: Awaited<ReturnType<typeof connect>>) =>
  within(waitLimitMs, 'a close event', client.closed)

const echoOf = ({ socket }: Awaited<ReturnType<typeof connect>>, text: string) => {
  const echo = within(
    45_000,
    'an echo',
    new Promise((resolve) => socket.once('message', (data) => resolve(String(data)))),
  )
  socket.send(text)
  return echo
}

const stateOf = (pid: number) => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]

describe('what a stranger gets of it', () => {
  let it: Started
  beforeAll(async () => {
    it = await start()
  })
  afterAll(() => it.demo[Symbol.asyncDispose]())

  test('the page is there, in every language, and cannot be framed', async () => {
    const { status, text, headers } = await ask(new URL('/docs/ja/try/', it.page))
    expect(status).toBe(200)
    expect(text).toContain('<html lang="ja">')
    expect(headers['content-security-policy']).toBe("frame-ancestors 'none'")
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    for (const path of ['/', '/docs']) {
      const { status, headers } = await ask(new URL(path, it.page))
      expect({ status, to: headers.location }).toEqual({ status: 308, to: '/docs/en/try/' })
    }
  })

  test.each(['/docs/../../package.json', '/docs/%2e%2e/x', '/etc/passwd', '/api/state', '/.'])(
    'nothing else is there: %s',
    async (path) => {
      const url = new URL(it.page)
      const status = await within(
        5000,
        'an answer',
        new Promise((resolve, reject) => {
          const { hostname, port } = url
          const options = { hostname, port, path, headers: { host: url.host }, agent: false }
          http
            .get(options, (response) => {
              response.resume()
              resolve(response.statusCode)
            })
            .on('error', reject)
        }),
      )
      expect(status).toBe(404)
    },
  )

  test.each([
    'attacker.example',
    'attacker.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.attacker.example',
  ])('another Host, as DNS rebinding sends it, gets neither state nor page: %s', async (host) => {
    for (const url of [it.control, it.page]) {
      const { status, body } = await ask(url, { headers: { host } })
      expect({ status, demo: body.demo, code: body.error?.code }).toEqual({
        status: 403,
        demo: undefined,
        code: 'wrong_host',
      })
    }
  })

  test('localhost is a name of it', async () => {
    const host = `localhost:${it.page.port}`
    expect((await ask(it.control, { headers: { host, origin: `http://${host}` } })).status).toBe(200)
  })

  test.each([
    ['https://attacker.example', 'wrong_origin'],
    ['http://127.0.0.1:1', 'wrong_origin'],
    ['null', 'wrong_origin'],
    [undefined, 'wrong_origin'],
  ])('a POST of another origin is refused: %s', async (origin, code) => {
    const { origin: _, ...others } = it.own
    const headers = { ...others, ...(origin && { origin }) }
    const { status, body } = await ask(it.control, {
      method: 'POST',
      headers,
      body: JSON.stringify({ action: 'kill' }),
    })
    expect({ status, code: body.error?.code, demo: body.demo }).toEqual({
      status: 403,
      code,
      demo: undefined,
    })
    expect((await ask(it.control)).body.demo.backend).toBe('running')
  })

  test('a GET that names another origin is refused', async () => {
    const { status } = await ask(it.control, { headers: { origin: 'https://attacker.example' } })
    expect(status).toBe(403)
  })

  test.each(['', 'x', 'f'.repeat(32)])('a POST without the token is refused: %s', async (token) => {
    const { status, body } = await it.post({ action: 'kill' }, { 'x-holdfast-demo': token })
    expect({ status, code: body.error?.code }).toEqual({ status: 403, code: 'wrong_token' })
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused, and allows nothing', async (method) => {
    const { status, headers } = await ask(it.control, { method, headers: it.own })
    expect(status).toBe(405)
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect((await ask(it.page, { method, headers: it.own })).status).toBe(405)
  })

  test.each([
    [{ action: 'exec' }, 'unknown_action'],
    [{ action: '__proto__' }, 'unknown_action'],
    [{ action: ['kill'] }, 'unknown_action'],
    [{}, 'unknown_action'],
    [null, 'unknown_action'],
  ])('an action that is none is refused: %j', async (asked, code) => {
    const { status, body } = await it.post(asked)
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code })
  })

  test('a body that is not JSON, or is large, is refused', async () => {
    const send = (body: string) => ask(it.control, { method: 'POST', headers: it.own, body })
    expect((await send('kill')).body.error?.code).toBe('bad_body')
    const { status, headers } = await send(JSON.stringify({ action: 'kill', x: 'x'.repeat(1024) }))
    expect(status).toBe(413)
    expect((await ask(it.control)).body.demo.backend).toBe('running')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('a body without end is cut off', async () => {
    const { hostname, port, host } = it.page
    const socket = net.connect(Number(port), hostname)
    const fields = { ...it.own, host, 'transfer-encoding': 'chunked' }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`POST /docs/try.json HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(`800\r\n${'x'.repeat(0x800)}\r\n`)
    let said = ''
    socket
      .on('error', () => {})
      .on('data', (data) => {
        said += data
      })
    await within(waitLimitMs, 'the end', new Promise((resolve) => socket.on('close', resolve)))
    expect(said).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('what the actions do', () => {
  test('the backend is stopped, killed, hung, replaced by garbage and started again, on one port', async () => {
    const it = await start()
    await using demo = it.demo
    const { direct, gateway, hold } = it.urls
    const again = async () => {
      expect(await it.act('start')).toBe('running')
      return Promise.all([opened(direct), opened(gateway), opened(hold)])
    }
    let clients = await Promise.all([opened(direct), opened(gateway), opened(hold)])

    expect(await it.act('stop')).toBe('stopped')
    const told = { code: 1012, reason: expect.stringMatching(/^service restart; retry=\d+$/) }
    expect(await Promise.all(clients.slice(0, 2).map(closeOf))).toEqual([told, told])
    // Nothing listens now.
    expect(await closeOf(await connect(direct))).toEqual({ code: 1006, reason: '' })
    expect(await closeOf(await connect(gateway))).toEqual({
      code: 1014,
      reason: expect.stringMatching(/^bad gateway: connection refused; sent=0; retry=\d+$/),
    })
    const { status, body } = await it.post({ action: 'kill' })
    expect({ status, code: body.error?.code, backend: body.demo.backend }).toEqual({
      status: 409,
      code: 'not_now',
      backend: 'stopped',
    })

    let held = clients[2]
    clients = await again()
    expect(await echoOf(held, 'held all the time')).toBe('held all the time')
    held = clients[2]
    expect((await it.post({ action: 'start' })).status).toBe(409)

    expect(await it.act('kill')).toBe('stopped')
    expect(await closeOf(clients[0])).toEqual({ code: 1006, reason: '' })
    expect(await closeOf(clients[1])).toEqual({
      code: 1014,
      reason: 'bad gateway: upstream connection lost',
    })

    clients = await again()
    // Lost twice without a message in between it would be let go.
    expect(await echoOf(held, 'still here')).toBe('still here')
    expect(await it.act('garbage')).toBe('garbage')
    expect(await closeOf(clients[0])).toEqual({ code: 1006, reason: '' })
    expect(await closeOf(await connect(direct))).toEqual({ code: 1006, reason: '' })
    expect(await closeOf(await connect(gateway))).toEqual({
      code: 1014,
      reason: expect.stringMatching(/^bad gateway: not HTTP; sent=0; retry=\d+$/),
    })

    clients = await again()
    // Lost twice without a message in between it would be let go.
    expect(await echoOf(held, 'still here')).toBe('still here')
    expect(await it.act('hang')).toBe('hanging')
    expect(await closeOf(clients[1])).toEqual({ code: 1014, reason: expect.stringMatching(/^bad gateway: /) })
    expect(clients[0].socket.readyState).toBe(WebSocket.OPEN)
    expect(await it.act('start')).toBe('running')
    expect(await echoOf(clients[0], 'awake')).toBe('awake')

    expect(await echoOf(held, 'through all of it')).toBe('through all of it')
    demo.signal('SIGINT')
    await demo.exited
  })

  test('a drain tells the clients of the gateway, and takes new ones at once', async () => {
    const it = await start()
    await using demo = it.demo
    const clients = await Promise.all([opened(it.urls.gateway), opened(it.urls.hold), opened(it.urls.direct)])
    expect(await it.act('drain')).toBe('running')
    const told = { code: 1012, reason: expect.stringMatching(/^service restart; retry=\d+$/) }
    expect(await Promise.all(clients.slice(0, 2).map(closeOf))).toEqual([told, told])
    expect(await echoOf(clients[2]!, 'untouched')).toBe('untouched')
    for (const url of [it.urls.gateway, it.urls.hold])
      expect(await echoOf(await opened(url), 'back')).toBe('back')
    demo.signal('SIGINT')
    await demo.exited
  })

  test('two actions at a time are one too many', async () => {
    const it = await start()
    await using demo = it.demo
    const answers = await Promise.all([it.post({ action: 'stop' }), it.post({ action: 'kill' })])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    demo.signal('SIGINT')
    await demo.exited
  })

  test('a backend that was killed by somebody else is seen as stopped', async () => {
    const it = await start()
    await using demo = it.demo
    const line = await demo.line('its backend', (text) => /backend 1 .*pid (\d+)/.exec(text)?.[1])
    process.kill(Number(line), 'SIGKILL')
    await eventually('stopped', async () => (await ask(it.control)).body.demo.backend === 'stopped')
    expect(await it.act('start')).toBe('running')
    demo.signal('SIGINT')
    await demo.exited
  })

  test.each(['hang', 'garbage', 'stop'])('Ctrl-C after %s leaves nothing behind', async (action) => {
    const it = await start()
    await using demo = it.demo
    await it.act(action)
    const family = childrenOf(demo.pid).flatMap((pid) => [pid, ...childrenOf(pid)])
    // A busy process stands still somewhat after the signal.
    if (action === 'hang') await eventually('hanging', async () => family.map(stateOf).includes('T'))
    demo.signal('SIGINT')
    expect(await demo.exited).toEqual({ code: 130, signal: null })
    await gone(family)
    await expect(ask(it.control)).rejects.toThrow(/ECONNREFUSED/)
  })
})
