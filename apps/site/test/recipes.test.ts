// Every line that the site tells people to write, in the real thing.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type CloseCode, closeCode, closeCodes } from '@holdfast/close-codes'
import { Child, closedPort, eventually, startUpstream, wsClient } from '@holdfast/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { caddy, haproxy, missing, nginx } from '../../../packages/doctor/test/probe/proxies.ts'
import { type Recipe, recipesFor } from '../src/reference/recipes.ts'
import { exampleReason } from '../src/reference/wire-example.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-recipes-'))
afterAll(() => rmSync(folder, { recursive: true }))

const require = createRequire(import.meta.url)
const moduleUrl = (name: string) => pathToFileURL(require.resolve(name)).href
const recipe = (row: CloseCode, stack: string) => recipesFor(row).find((one) => one.stack === stack)
const sent = closeCodes.filter((row) => recipe(row, 'ws'))

/** A server in a process of its own; it prints its port. */
async function serve(name: string, command: string, program: string): Promise<Child & { url: string }> {
  const file = join(folder, name)
  writeFileSync(file, program)
  const child = new Child(command, [file])
  const port = await child.line('its port', (text) => /^port (\d+)/.exec(text)?.[1])
  return Object.assign(child, { url: `ws://127.0.0.1:${port}` })
}

/** What a client sees when the server gets the signal that makes it run the lines. */
async function closeOf(server: Child & { url: string }): Promise<{ code: number; reason: string }> {
  await using client = wsClient(server.url)
  await client.opened
  process.kill(server.pid, 'SIGUSR2')
  const { code, reason } = await client.closed
  return { code, reason }
}

describe('the lines for ws', () => {
  it.each(sent.map((row) => [row.code, row] as const))('send %i', async (code, row) => {
    await using server = await serve(
      `ws-${code}.mjs`,
      process.execPath,
      `import { WebSocketServer } from ${JSON.stringify(moduleUrl('ws').replace('index.js', 'wrapper.mjs'))}
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('listening', () => console.log('port ' + server.address().port))
process.on('SIGUSR2', () => {
  ${recipe(row, 'ws')!.lines}
})
`,
    )
    expect(await closeOf(server)).toEqual({ code, reason: exampleReason(row) })
  })
})

describe('the lines for Fastify', () => {
  it.each(sent.map((row) => [row.code, row] as const))(
    'send %i when the application closes',
    async (code, row) => {
      await using server = await serve(
        `fastify-${code}.mjs`,
        process.execPath,
        `import Fastify from ${JSON.stringify(moduleUrl('fastify'))}
import websocket from ${JSON.stringify(moduleUrl('@fastify/websocket'))}
const app = Fastify()
${recipe(row, 'Fastify')!.lines}
app.get('/', { websocket: true }, () => {})
await app.listen({ port: 0, host: '127.0.0.1' })
console.log('port ' + app.server.address().port)
process.on('SIGUSR2', () => app.close())
`,
      )
      expect(await closeOf(server)).toEqual({ code, reason: exampleReason(row) })
    },
  )
})

const python = '/usr/bin/python3'
const uvicorn =
  existsSync('/usr/lib/python3/dist-packages/uvicorn') && existsSync('/usr/lib/python3/dist-packages/wsproto')

describe.skipIf(!uvicorn)(
  `the lines for Uvicorn${uvicorn ? '' : ' (skipped: python3-uvicorn is not installed)'}`,
  () => {
    it.each(sent.map((row) => [row.code, row] as const))('send %i', async (code, row) => {
      const port = await closedPort()
      await using server = await serve(
        `uvicorn-${code}.py`,
        python,
        `import asyncio, signal, uvicorn
leave = asyncio.Event()
async def app(scope, receive, send):
    await receive()
    await send({'type': 'websocket.accept'})
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, leave.set)
    print('ready', flush=True)
    await leave.wait()
    ${recipe(row, 'Uvicorn')!.lines}
print('port ${port}', flush=True)
uvicorn.run(app, host='127.0.0.1', port=${port}, lifespan='off', log_level='error', ws='wsproto')
`,
      )
      const client = await eventually('the server', async () => {
        const one = wsClient(server.url)
        return (await one.opened.then(() => true).catch(() => false)) && one
      })
      await eventually('the handler', () => server.stdout.includes('ready'))
      process.kill(server.pid, 'SIGUSR2')
      const closed = await client.closed
      expect(closed.code).toBe(code)
      // Debian's version is older than the reason in ASGI.
      expect(['', exampleReason(row)]).toContain(closed.reason)
    })
  },
)

const lines = (code: number, stack: string) => recipe(closeCode(code)!, stack)!.lines

/** One message there and back through a proxy. */
async function talkThrough(url: string): Promise<string | Buffer> {
  await using client = wsClient(url)
  await client.opened
  client.send('through')
  return await client.message()
}

describe.skipIf(missing('nginx'))('the lines for nginx', () => {
  it('let a WebSocket through', async () => {
    await using upstream = await startUpstream()
    const pass = `location / { proxy_pass ${upstream.url.replace('ws:', 'http:')}; ${lines(1014, 'nginx')} }`
    await using proxy = await nginx(pass)
    expect(await talkThrough(proxy.url)).toBe('through')
  })

  it('are needed: without them it does not get through', async () => {
    await using upstream = await startUpstream()
    await using proxy = await nginx(`location / { proxy_pass ${upstream.url.replace('ws:', 'http:')}; }`)
    await expect(talkThrough(proxy.url)).rejects.toThrow()
  })
})

describe.skipIf(missing('haproxy'))('the lines for HAProxy', () => {
  it('let a WebSocket through to a server that answers the check', async () => {
    await using upstream = await startUpstream()
    await using proxy = await haproxy(upstream.url, lines(1014, 'HAProxy'))
    expect(await talkThrough(proxy.url)).toBe('through')
  })
})

describe.skipIf(missing('caddy'))('the lines for Caddy', () => {
  it('let a WebSocket through to a server that answers the check', async () => {
    await using upstream = await startUpstream()
    const own = lines(1014, 'Caddy').replace('localhost:3000', new URL(upstream.url).host)
    await using proxy = await caddy(own)
    expect(await talkThrough(proxy.url)).toBe('through')
  })
})

/** Whether the real program takes a configuration. */
function accepts(command: string, args: (file: string) => string[], config: string): string {
  const file = join(folder, `config-${Math.random().toString(36).slice(2)}`)
  writeFileSync(file, config)
  const { status, stderr, stdout } = spawnSync(command, args(file), { encoding: 'utf8' })
  return status === 0 ? 'accepted' : `${stdout}${stderr}`
}

describe('the lines for a restart', () => {
  it.skipIf(missing('nginx'))('are taken by nginx', () => {
    const config = `pid ${folder}/nginx.pid;\n${lines(1012, 'nginx')}\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:1; } }\n`
    expect(
      accepts('/usr/sbin/nginx', (file) => ['-t', '-p', folder, '-c', file, '-e', 'stderr'], config),
    ).toBe('accepted')
  })

  it.skipIf(missing('haproxy'))('are taken by HAProxy', () => {
    const config = `global\n  ${lines(1012, 'HAProxy')}\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend in\n  bind 127.0.0.1:1\n  default_backend app\nbackend app\n  server app 127.0.0.1:2\n`
    expect(accepts('haproxy', (file) => ['-c', '-f', file], config)).toBe('accepted')
  })

  it.skipIf(missing('caddy'))('are taken by Caddy', () => {
    const config = `{\n  ${lines(1012, 'Caddy')}\n  auto_https off\n}\nhttp://127.0.0.1:1 {\n  respond hello\n}\n`
    expect(accepts('caddy', (file) => ['validate', '--adapter', 'caddyfile', '--config', file], config)).toBe(
      'accepted',
    )
  })
})

describe('the lines for Kubernetes', () => {
  it('are keys of a container and of a pod', () => {
    const probe = parse(lines(1014, 'Kubernetes'))
    expect(probe.readinessProbe).toMatchObject({
      httpGet: { path: expect.any(String), port: expect.any(Number) },
    })
    const pod = parse(lines(1012, 'Kubernetes'))
    const [container] = pod.containers
    const wait = Number(container.lifecycle.preStop.exec.command[1])
    expect(wait).toBeLessThan(pod.terminationGracePeriodSeconds)
  })
})

it('every stack has a test above', () => {
  const stacks = new Set(closeCodes.flatMap((row) => recipesFor(row).map(({ stack }: Recipe) => stack)))
  expect([...stacks].sort()).toEqual(['Caddy', 'Fastify', 'HAProxy', 'Kubernetes', 'Uvicorn', 'nginx', 'ws'])
})
