import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { title } from '@holdfast/doctor'
import { Child, closedPort, faultUpstream, startUpstream, tcpServer } from '@holdfast/testing'
import { afterAll, expect, test } from 'vitest'
import { findingBlock, layerLines } from '../src/findings-page.ts'
import { textWidth } from '../src/text-width.ts'
import { commandLine } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-check-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const ws = (port: number) => `ws://127.0.0.1:${port}`

test('check of a healthy server says so in a line per layer, with times', async () => {
  await using upstream = await startUpstream()
  const { status, stdout, stderr } = await commandLine(`check ${upstream.url}/ws --idle 50ms`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [heading, ...lines] = stdout.trimEnd().split('\n')
  expect(heading).toBe(`${upstream.url}/ws`)
  const layers = ['url', 'dns', 'tcp', 'upgrade', 'accept', 'ping', 'close', 'idle', 'large-message']
  expect(lines.slice(0, 9).map((line) => line.split(/ +/).slice(1, 3))).toEqual(
    layers.map((it) => ['ok', it]),
  )
  for (const layer of ['dns', 'tcp', 'upgrade', 'ping', 'close', 'idle', 'large-message']) {
    expect(stdout).toMatch(new RegExp(`^ {2}ok {4}${layer} +\\d[\\d.]* m?s {2}\\S`, 'm'))
  }
  expect(lines.slice(9)).toEqual(['', 'healthy'])
  expect(stdout).not.toContain('\x1b')
})

test('check names the fault, why it is one, and what to write', async () => {
  await using server = await faultUpstream('status 404')
  const { status, stdout } = await commandLine(`check ${server.url}/ws`)
  expect(status).toBe(1)
  expect(stdout).toMatch(/^ {2}fail {2}upgrade +[\d.]+ ms {2}status 404: no WebSocket server at \/ws$/m)
  const [, explained] = stdout.split(/\n\n(?=status 404)/)
  expect(explained).toMatch(
    /^status 404: no WebSocket server at \/ws {2}path-not-found\n {2}The answer is by "unnamed"\. /,
  )
  expect(explained).toContain('\n    location /ws {\n')
  expect(stdout).toMatch(/\n\n1 fault\n$/)
})

test('check --upstream says on which side the fault is', async () => {
  await using server = await startUpstream()
  const front = ws(await closedPort())
  const { status, stdout } = await commandLine(`check ${front} --upstream ${server.url} --idle 50ms`)
  expect(status).toBe(1)
  expect(stdout).toContain(`\nupstream ${server.url}\n  ok    url`)
  expect(stdout).toMatch(
    /\n\nthe fault is in the proxy, or on the way to it \(tcp-refused\) {2}fault-in-proxy\n/,
  )
})

test('check --upstream explains what is wrong at the backend when the fault is there', async () => {
  await using server = await faultUpstream('wrong accept key')
  const { status, stdout } = await commandLine(`check ${server.url} --upstream ${server.url}`)
  expect(status).toBe(1)
  expect(stdout).toMatch(/\n\nthe fault is in the backend \(accept-key-wrong\) {2}fault-in-backend\n/)
  expect(stdout.match(/^the 101 has the wrong Sec-WebSocket-Accept {2}accept-key-wrong$/gm)).toHaveLength(1)
})

test('check --json prints one JSON document with findings, words and times', async () => {
  await using server = await startUpstream()
  const front = ws(await closedPort())
  const { status, stdout } = await commandLine(`check ${front} --upstream ${server.url} --idle 50ms --json`)
  expect(status).toBe(1)
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({
    url: front,
    healthy: false,
    complete: true,
    side: 'proxy',
    conclusions: [{ code: 'fault-in-proxy', where: { layer: 'tcp' } }],
    upstream: { url: server.url, healthy: true },
  })
  expect(result.layers.at(-1)).toMatchObject({
    layer: 'tcp',
    level: 'error',
    ms: expect.any(Number),
    findings: [{ code: 'tcp-refused', level: 'error', title: expect.stringContaining('nothing listens on') }],
  })
})

test('check sends protocols and headers', async () => {
  await using server = await startUpstream({ protocols: ['b'] })
  const line = `check ${server.url} --protocol a --protocol b --header Cookie:c=d --header X-E:f --idle 50ms`
  expect((await commandLine(line)).status).toBe(0)
  expect(server.connections[0]?.request.headers).toMatchObject({
    'sec-websocket-protocol': 'a, b',
    cookie: 'c=d',
    'x-e': 'f',
  })
})

test('check ends within its limit when nobody answers', async () => {
  await using server = await tcpServer(() => {})
  const { status, stdout } = await commandLine(`check ${ws(server.port)} --timeout 200ms`)
  expect(status).toBe(1)
  expect(stdout).toContain('does not answer a request within 200 ms')
})

test('Ctrl-C ends a check and prints what is known so far', async () => {
  await using server = await startUpstream()
  await using child = new Child(process.execPath, [main, 'check', server.url, '--idle', '60s'])
  await child.line('the last layer before the idle time', (line) =>
    line.includes('  close ') ? true : undefined,
  )
  child.signal('SIGINT')
  expect(await child.exited).toEqual({ code: 1, signal: null })
  expect(child.stdout.at(-1)).toBe('stopped before the end')
  expect(child.stdout.join('\n')).toContain('ok    close')
})

test.each([
  ['check', 'give a URL to check, or --proxy-config FILE, or --restart COMMAND'],
  ['check ws://a --proxy-config b', 'give a URL or --proxy-config, not both'],
  ['check ws://a --idle 5', "--idle '5' is not a duration; write it like 250ms, 5s or 2m"],
  ['check ws://a --timeout 0s', "--timeout '0s' is not a duration; write it like 250ms, 5s or 2m"],
  ['check ws://a --header x', "--header 'x' is not a header; write it like 'Origin: https://example.com'"],
  ['check ws://a --protocol a,b', 'not a subprotocol: "a,b"'],
  ['check --proxy-config /nowhere/at/all', "cannot read '/nowhere/at/all': there is no such file"],
  ['check --proxy-config /', "cannot read '/': it is a folder"],
])('%s is wrong use', async (line, message) => {
  expect(await commandLine(line)).toEqual({ status: 2, stdout: '', stderr: `holdfast: ${message}\n` })
  const json = await commandLine(`${line} --json`)
  expect(json).toMatchObject({ status: 2, stderr: '' })
  expect(JSON.parse(json.stdout).error.message).toBe(message)
})

test('check of what is no WebSocket URL is wrong use', async () => {
  const { status, stdout } = await commandLine('check mailto://a')
  expect(status).toBe(2)
  expect(stdout).toContain('mailto is not a scheme for WebSockets')
})

const broken = `http {
  server {
    location /ws { proxy_pass http://127.0.0.1:3000; }
  }
}
`
const right = broken.replace(
  '3000; }',
  '3000; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_read_timeout 1h; }',
)

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('check --proxy-config names file and line, and the lines to write', async () => {
  const path = file('nginx.conf', broken)
  const { status, stdout } = await commandLine(`check --proxy-config ${path}`)
  expect(status).toBe(1)
  expect(stdout).toContain(`${path}:3  fail  nginx-upgrade-header\n`)
  expect(stdout).toContain('\n    proxy_set_header Upgrade $http_upgrade;\n')
  expect(stdout).toMatch(/nginx\.conf \(nginx\): \d+ faults/)
})

test('check --proxy-config is silent about a right file', async () => {
  const path = file('nginx.conf', right)
  const { status, stdout } = await commandLine(`check --proxy-config ${path}`)
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${path} (nginx): nothing found that breaks WebSockets\n`,
  })
})

test('check --proxy-config --json prints one JSON document', async () => {
  const path = file('nginx.conf', broken)
  const { status, stdout } = await commandLine(`check --proxy-config ${path} --json`)
  expect(status).toBe(1)
  const { findings, ...rest } = JSON.parse(stdout)
  expect(rest).toEqual({ file: path, healthy: false, kinds: ['nginx'], problems: [], unread: [] })
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'nginx-upgrade-header',
      where: { file: path, line: 3 },
      fix: ['proxy_set_header Upgrade $http_upgrade;'],
    }),
  )
})

test('check --proxy-config takes a configuration of the gateway, too, and says what validate says', async () => {
  const route = 'routes:\n  - { name: chat, upstreams: [ws://127.0.0.1:3000]'
  const right = file('holdfast.yaml', `listen: 127.0.0.1:8080\n${route} }\n`)
  expect(await commandLine(`check --proxy-config ${right}`)).toEqual({
    status: 0,
    stdout: `${right} (holdfast): nothing found that breaks WebSockets\n`,
    stderr: '',
  })
  const wrong = file('holdfast.yaml', `listen: 127.0.0.1:8080\n${route}, hold: { for: 0s } }\n`)
  const { status, stdout } = await commandLine(`check --proxy-config ${wrong}`)
  expect(status).toBe(1)
  expect(stdout).toMatch(/holdfast\.yaml:3:\d+: .*for.*\n.*holdfast\.yaml \(holdfast\): 1 fault\n$/)
  const json = await commandLine(`check --proxy-config ${wrong} --json`)
  expect(JSON.parse(json.stdout)).toMatchObject({
    healthy: false,
    kinds: ['holdfast'],
    problems: [{ line: 3 }],
  })
})

test('check --proxy-config says what it cannot read, and where', async () => {
  const unknown = file('notes.txt', 'buy milk\n')
  const first = await commandLine(`check --proxy-config ${unknown}`)
  expect(first.status).toBe(2)
  expect(first.stdout).toContain(`${unknown}:1  not read\n  not recognised; say which kind it is`)
  const torn = file('nginx.conf', 'http {\n  server {\n')
  const second = await commandLine(`check --proxy-config ${torn}`)
  expect(second.status).toBe(1)
  expect(second.stdout).toMatch(/nginx\.conf:\d+ {2}not read\n/)
  expect(await commandLine(`check --proxy-config ${unknown} --kind iis`)).toMatchObject({
    status: 2,
    stdout: '',
  })
})

test('check --proxy-config names what it does not look at, and exits 0 for it', async () => {
  const path = file('traefik.yml', 'providers:\n  docker: {}\n')
  const { status, stdout } = await commandLine(`check --proxy-config ${path}`)
  expect(status).toBe(0)
  expect(stdout).toContain(`${path}:2  not read\n  providers.docker: labels of containers\n`)
  expect(stdout).toContain('(traefik): nothing found that breaks WebSockets, 1 part not read\n')
  const { stdout: json } = await commandLine(`check --proxy-config ${path} --json`)
  const unread = [{ file: path, line: 2, message: 'providers.docker: labels of containers' }]
  expect(JSON.parse(json)).toMatchObject({ healthy: true, problems: [], unread })
})

test('check --proxy-config - reads standard input', async () => {
  await using child = new Child(
    'sh',
    ['-c', `printf '%s' "$TEXT" | "$0" "$@"`, process.execPath, main, 'check', '--proxy-config', '-'],
    {
      TEXT: `# configuration file /etc/nginx/nginx.conf:\n${broken}`,
    },
  )
  expect((await child.exited).code).toBe(1)
  expect(child.stdout.join('\n')).toContain('/etc/nginx/nginx.conf:3  fail  nginx-upgrade-header')
})

test('every line fits the terminal, but for lines to write', async () => {
  await using server = await faultUpstream('status 426')
  for (const terminal of [60, 80, 200]) {
    const { stdout } = await commandLine(`check ${server.url} --upstream ${server.url}`, { terminal })
    const lines = stdout.replace(/\x1b\[\d+m/g, '').split('\n')
    for (const line of lines)
      if (!/^ {4}\S/.test(line)) expect(textWidth(line)).toBeLessThanOrEqual(Math.min(100, terminal))
  }
})

test('colours are for terminals only', async () => {
  await using server = await faultUpstream('status 404')
  const { stdout } = await commandLine(`check ${server.url}`, { terminal: 80 })
  expect(stdout).toContain('\x1b[31mfail\x1b[39m')
  expect(stdout).toContain('\x1b[32mok  \x1b[39m')
  expect((await commandLine(`check ${server.url}`)).stdout).not.toContain('\x1b')
})

test('what a server says cannot steer the terminal', () => {
  const sheet = { width: 80, paint: (_: string, text: string) => text }
  const words = { title: () => 'a\x1b[2Jb', why: () => 'c\x07.', fix: () => ['# d\x1b', 'e\x9b'] }
  const finding = { code: 'tcp-open', level: 'error', args: {} } as const
  expect(title({ ...finding, args: { place: 'x' } })).toBe('something listens on x')
  const text =
    findingBlock(finding, words, sheet) +
    layerLines({ layer: 'tcp', level: 'error', ms: 1, findings: [finding] }, words, sheet)
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
})
