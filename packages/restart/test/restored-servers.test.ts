// The line by which a server says that it has restored a client, as docs/deploying.md shows it, on servers of other languages
// and runtimes. What is not installed is skipped by name. restored.test.ts has those that run on this Node.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, rawClient } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const page = readFileSync(at('../../../docs/deploying.md'), 'utf8')

/** Debian's own, where its packages are; another may stand before it on the path. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const hasModules = (...names: string[]) => spawnSync(python, ['-c', `import ${names}`]).status === 0

const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
const bun = at(
  `../../../node_modules/.cache/runtimes/node_modules/@oven/bun-${process.platform}-${arch}/bin/bun`,
)
const goPath = '/usr/share/gocode'
const hasGorilla = existsSync(`${goPath}/src/github.com/gorilla/websocket`)
const hasGo = hasGorilla && spawnSync('go', ['version']).status === 0

/** Without what a formatter may add. */
const squeezed = (code: string) => code.replaceAll(/\s/g, '').replaceAll(',}', '}')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'restored-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Server {
  /** Why it cannot be run here. */
  missing: string | false
  source: string
  /** What the page says of it. */
  line: string
  command: (source: string) => [file: string, args: string[]]
}

const servers: Record<string, Server> = {
  Bun: {
    missing: !existsSync(bun) && 'node tools/other-runtimes.mjs bun brings it',
    source: 'restored-bun.mjs',
    line: 'server.upgrade(request, { headers: restoredHeaders(request, (session) => store.has(session)) })',
    command: (source) => [bun, [source]],
  },
  'an ASGI application on Uvicorn': {
    missing:
      !hasModules('uvicorn', 'wsproto') && "Debian's python3-uvicorn and python3-wsproto are not installed",
    source: 'restored-asgi.py',
    line: 'await send({"type": "websocket.accept", "headers": [(b"holdfast-restored", restored)]})',
    command: (source) => [python, [source, 'asgi']],
  },
  'Starlette on Uvicorn': {
    missing:
      !hasModules('uvicorn', 'wsproto', 'starlette') &&
      "Debian's python3-uvicorn, python3-wsproto and python3-starlette are not installed",
    source: 'restored-asgi.py',
    line: 'await websocket.accept(headers=[(b"holdfast-restored", restored)])',
    command: (source) => [python, [source, 'starlette']],
  },
  'gorilla/websocket': {
    missing: !hasGo && "Debian's golang-go and golang-github-gorilla-websocket-dev are not installed",
    source: 'restored-gorilla.go',
    line: 'upgrader.Upgrade(w, r, http.Header{"Holdfast-Restored": {restored}})',
    command(source) {
      const program = join(folder, 'gorilla')
      const env = { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOCACHE: join(folder, 'cache') }
      const built = spawnSync('go', ['build', '-o', program, source], { env, encoding: 'utf8' })
      expect(built.stderr).toBe('')
      return [program, []]
    },
  },
}

describe.each(Object.entries(servers))('%s', (_, { missing, source, line, command }) => {
  test.skipIf(missing)(
    `says 1 to a client that it has restored, and 0 to others${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const path = at(`./servers/${source}`)
      expect(page).toContain(`\`${line}\``)
      expect(squeezed(readFileSync(path, 'utf8'))).toContain(squeezed(line))
      await using server = new Child(...command(path))
      const port = await server.line('its port', (text) => (/^\d+$/.test(text) ? text : undefined), 30_000)
      const said = async (headers: Record<string, string>) => {
        await using client = await rawClient(`ws://127.0.0.1:${port}/`, { headers })
        expect(client.status).toBe(101)
        return client.headers['holdfast-restored']
      }
      const again = { 'Holdfast-Reattach': '1; code=1012' }
      expect(await said({ 'Holdfast-Session': 'known', ...again })).toBe('1')
      expect(await said({ 'Holdfast-Session': 'stranger', ...again })).toBe('0')
      expect(await said({ 'Holdfast-Session': 'known' })).toBe('0')
    },
  )
})
