import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  browserMissing,
  Child,
  closedPort,
  faultUpstream,
  frame,
  opcode,
  rawUpstream,
  startUpstream,
} from '@holdfast/testing'
import { WebSocket as Undici } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import type { WebSocketClass } from '../src/connection.ts'
import { bundle } from './bundle.ts'
import { openPage } from './page.ts'
import { bun, deno, node22, nodeLts, type Runtime, thisNode } from './runtimes.ts'
import type { Servers } from './wpt/point.ts'
import { pointNames, runPoints } from './wpt/points.ts'

type Play = (servers: Servers) => Promise<Record<string, string>>

const folder = mkdtempSync(join(tmpdir(), 'holdfast-wpt-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function startServers(): Promise<AsyncDisposable & { servers: Servers }> {
  const [echo, silent, breaks, closes] = await Promise.all([
    startUpstream(),
    faultUpstream('no answer'),
    rawUpstream({
      onOpen: (peer) => {
        peer.onMessage = () => {
          peer.text('test')
          peer.write(frame({ opcode: 0x3, payload: 'LOL' }))
        }
      },
    }),
    rawUpstream({
      onOpen: (peer) => {
        peer.onMessage = ({ opcode: kind }) => kind === opcode.text && peer.close(1000, 'you asked for it')
      },
    }),
  ])
  const refused = `ws://127.0.0.1:${await closedPort()}`
  return {
    servers: { echo: echo.url, silent: silent.url, breaks: breaks.url, closes: closes.url, refused },
    async [Symbol.asyncDispose]() {
      await Promise.all([echo, silent, breaks, closes].map((one) => one[Symbol.asyncDispose]()))
    },
  }
}

async function playInPage(servers: Servers): Promise<Record<string, string>> {
  await using page = await openPage()
  await page.page.addScriptTag({
    content: await bundle({ entry: 'wpt/points.ts', format: 'iife', name: 'wpt' }),
  })
  return await page.page.evaluate(
    (context) => {
      const { wpt } = globalThis as unknown as { wpt: { runPoints: typeof runPoints } }
      return wpt.runPoints({ ...context, Native: WebSocket })
    },
    { ...servers, base: page.origin },
  )
}

const playIn =
  ({ command, args, name }: Runtime): Play =>
  async (servers) => {
    const program = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
    writeFileSync(program, await bundle({ entry: 'wpt/in-child.ts', format: 'esm', platform: 'node' }))
    await using child = new Child(command, [...args, program, JSON.stringify(servers)])
    return JSON.parse(await child.line('the results', (text) => text, 40_000))
  }

const inProcess =
  (Native: WebSocketClass): Play =>
  (servers) =>
    runPoints({ ...servers, Native, base: undefined })

const runtimes: { name: string; play: Play; missing?: string | undefined }[] = [
  { name: 'ws', play: inProcess(Ws as unknown as WebSocketClass) },
  { name: 'undici', play: inProcess(Undici) },
  { name: thisNode.name, play: playIn(thisNode) },
  { name: node22.name, play: playIn(node22), missing: node22.missing },
  { name: nodeLts.name, play: playIn(nodeLts), missing: nodeLts.missing },
  { name: bun.name, play: playIn(bun), missing: bun.missing },
  { name: deno.name, play: playIn(deno), missing: deno.missing },
  { name: 'Chromium', play: playInPage, missing: browserMissing() },
]

for (const { name, play, missing } of runtimes) {
  const skipped = missing ? ` (skipped: ${missing})` : ''
  describe.skipIf(missing !== undefined)(`ReconnectingWebSocket on ${name}${skipped}`, () => {
    let results: Record<string, string>
    beforeAll(async () => {
      await using servers = await startServers()
      results = await play(servers.servers)
    })

    for (const point of new Set(pointNames)) it(point, () => expect(results[point]).toBe('ok'))
  })
}
