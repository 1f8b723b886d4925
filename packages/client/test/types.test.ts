import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WebSocket as UndiciWebSocket } from 'undici'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import type { WebSocket as WsWebSocket } from 'ws'
import type {
  Connection,
  ReconnectCloseEvent,
  ReconnectingWebSocketOptions,
  WebSocketClass,
} from '../src/index.ts'
import { ReconnectingWebSocket } from '../src/index.ts'

describe('the types, with lib.dom', () => {
  it('make a ReconnectingWebSocket a WebSocket, and its class that of one', () => {
    expectTypeOf<ReconnectingWebSocket>().toExtend<WebSocket>()
    expectTypeOf<typeof ReconnectingWebSocket>().toExtend<typeof WebSocket>()
    expectTypeOf<ReconnectingWebSocket>().toExtend<EventTarget>()
    expectTypeOf<ReconnectCloseEvent>().toExtend<Pick<CloseEvent, 'code' | 'reason' | 'wasClean' | 'type'>>()
  })

  it('take the class of every implementation', () => {
    expectTypeOf<typeof WebSocket>().toExtend<WebSocketClass>()
    expectTypeOf<typeof WsWebSocket>().toExtend<WebSocketClass>()
    expectTypeOf<typeof UndiciWebSocket>().toExtend<WebSocketClass>()
    expectTypeOf<WsWebSocket>().toExtend<Connection>()
  })

  it('give listeners and handlers their event', () => {
    const use = (socket: ReconnectingWebSocket) => {
      socket.addEventListener('close', (event) => expectTypeOf(event).toEqualTypeOf<ReconnectCloseEvent>())
      socket.addEventListener('message', ({ data }) => expectTypeOf(data).toBeAny(), { once: true })
      socket.addEventListener('custom', (event) => expectTypeOf(event).toEqualTypeOf<Event>())
      socket.onclose = (event) => expectTypeOf(event.retryIn).toEqualTypeOf<number | null>()
      socket.onopen = null
      // @ts-expect-error: no such event
      socket.onclose = (_: MessageEvent) => {}
      expectTypeOf(socket.readyState).toEqualTypeOf<0 | 1 | 2 | 3>()
      expectTypeOf(socket.OPEN).toEqualTypeOf<1>()
      expectTypeOf(socket.binaryType).toEqualTypeOf<'blob' | 'arraybuffer'>()
    }
    expectTypeOf(use).toBeFunction()
  })

  it('refuse what is not an argument', () => {
    const use = (options: ReconnectingWebSocketOptions) => {
      new ReconnectingWebSocket(new URL('ws://x'), ['a'], options)
      new ReconnectingWebSocket(
        async () => 'ws://x',
        () => 'a',
        { maxRetries: undefined },
      )
      // @ts-expect-error: a number is no URL
      new ReconnectingWebSocket(1)
      // @ts-expect-error: no such option
      new ReconnectingWebSocket('ws://x', [], { maxRetry: 1 })
      // @ts-expect-error: no such way
      new ReconnectingWebSocket('ws://x', [], { buffer: { overflow: 'block' } })
    }
    expectTypeOf(use).toBeFunction()
  })
})

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const tsc = path('../../../node_modules/typescript/bin/tsc')

describe('the published types, every one of them checked', () => {
  let folder: string

  /** A project of a user, with the package as it is published. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-types-'))
    const scope = join(folder, 'node_modules/@holdfast')
    for (const name of ['close-codes', 'client']) {
      const target = join(scope, name)
      mkdirSync(target, { recursive: true })
      const options = [
        '--declaration',
        '--emitDeclarationOnly',
        '--skipLibCheck',
        '--rewriteRelativeImportExtensions',
      ]
      const language = [
        '--target',
        'es2023',
        '--module',
        'nodenext',
        '--lib',
        'es2023',
        '--types',
        'node',
        '--strict',
      ]
      const entries = ['index.ts', name === 'client' ? 'presets.ts' : 'private-codes.ts']
      const sources = entries.map((entry) => path(`../../${name}/src/${entry}`))
      const roots = [
        '--typeRoots',
        path('../../../node_modules/@types'),
        '--rootDir',
        path(`../../${name}/src`),
      ]
      run([...options, ...language, ...roots, '--outDir', join(target, 'dist'), ...sources])
      symlinkSync(path(`../../${name}/package.json`), join(target, 'package.json'))
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (args: string[]) => {
    try {
      execFileSync(process.execPath, [tsc, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout)
    }
  }

  const program = `import { ReconnectingWebSocket } from '@holdfast/client'
import { preset } from '@holdfast/client/presets'
const socket = new ReconnectingWebSocket('ws://x', 'a', { retry: preset('pusher') })
socket.onclose = ({ code, retryIn }) => { const n: number | null = retryIn ?? code; void n }
socket.addEventListener('message', ({ data }) => socket.send(data))
`

  for (const [what, lib, types, more] of [
    [
      'in a browser project, with lib.dom and no types of Node',
      'es2023,dom',
      '',
      'const native: WebSocket = socket; void native',
    ],
    ['in a Node project, without lib.dom', 'es2023', 'node', ''],
    ['with both', 'es2023,dom', 'node', 'const native: WebSocket = socket; void native'],
  ] as const) {
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const)
      it(`compile ${what} (${resolution})`, () => {
        const file = join(folder, 'program.ts')
        writeFileSync(file, program + more)
        const roots = ['--typeRoots', path('../../../node_modules/@types'), '--types', types]
        const language = [
          '--target',
          'es2023',
          '--lib',
          lib,
          '--module',
          module,
          '--moduleResolution',
          resolution,
        ]
        expect(() =>
          run(['--noEmit', '--strict', '--skipLibCheck', 'false', ...language, ...roots, file]),
        ).not.toThrow()
      })
  }
})
