import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserMissing, Child } from '@holdfast/testing'
import { WebSocket as Undici } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import type { WebSocketClass } from '../src/connection.ts'
import { bundle } from './bundle.ts'
import { openPage } from './page.ts'
import { cases, startCases } from './parity/cases.ts'
import { deviations } from './parity/deviations.ts'
import { type Job, runAll, type Seen } from './parity/run.ts'
import { bun, deno, node22, nodeLts, type Runtime, thisNode } from './runtimes.ts'

type Play = (jobs: Job[]) => Promise<Record<string, Seen>>

const folder = mkdtempSync(join(tmpdir(), 'holdfast-parity-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function playInPage(jobs: Job[]): Promise<Record<string, Seen>> {
  await using page = await openPage()
  await page.page.addScriptTag({
    content: await bundle({ entry: 'parity/run.ts', format: 'iife', name: 'parity' }),
  })
  return await page.page.evaluate((all) => {
    const { parity } = globalThis as unknown as { parity: { runAll: typeof runAll } }
    return parity.runAll(all, WebSocket, true)
  }, jobs)
}

const playIn =
  ({ command, args, name }: Runtime): Play =>
  async (jobs) => {
    const program = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
    writeFileSync(program, await bundle({ entry: 'parity/in-child.ts', format: 'esm', platform: 'node' }))
    await using child = new Child(command, [...args, program, JSON.stringify(jobs)])
    const line = await child.line('what the sockets saw', (text) => text)
    return JSON.parse(line)
  }

const missingBrowser = browserMissing()

const runtimes: { name: string; play: Play; missing?: string | undefined }[] = [
  { name: 'ws', play: (jobs) => runAll(jobs, Ws as unknown as WebSocketClass) },
  { name: 'undici', play: (jobs) => runAll(jobs, Undici) },
  { name: thisNode.name, play: playIn(thisNode) },
  { name: node22.name, play: playIn(node22), missing: node22.missing },
  { name: nodeLts.name, play: playIn(nodeLts), missing: nodeLts.missing },
  { name: bun.name, play: playIn(bun), missing: bun.missing },
  { name: deno.name, play: playIn(deno), missing: deno.missing },
  { name: 'Chromium', play: playInPage, missing: missingBrowser },
]

for (const { name, play, missing } of runtimes) {
  const skipped = missing ? ` (skipped: ${missing})` : ''
  describe.skipIf(missing !== undefined)(`with reconnecting off, on ${name}${skipped}`, () => {
    let seen: Record<string, Seen>
    beforeAll(async () => {
      await using servers = await startCases()
      seen = await play(servers.jobs)
    })

    for (const { name: what, expected, withError } of cases) {
      const deviation = deviations.find(({ runtime, cases: which }) => runtime.test(name) && which.test(what))

      const inherited = deviation?.inherited ?? false

      it(`ReconnectingWebSocket sees what ${inherited ? name : 'WHATWG'} says: ${what}`, () => {
        const { native, ours } = seen[what]!
        if (inherited || (withError && !deviation)) expect(ours).toEqual(native)
        if (!inherited) expect([expected, withError]).toContainEqual(ours)
      })

      it(`the native WebSocket ${deviation ? `does not, ${deviation.why}` : 'sees the same'}: ${what}`, () => {
        const { native } = seen[what]!
        if (deviation) expect([expected, withError]).not.toContainEqual(native)
        else expect([expected, withError]).toContainEqual(native)
      })
    }
  })
}

describe('the list of deviations', () => {
  it('names only cases and runtimes that exist', () => {
    for (const { runtime, cases: which, why } of deviations) {
      expect(
        cases.some(({ name }) => which.test(name)),
        why,
      ).toBe(true)
      expect([...runtimes.map((one) => one.name), 'Node 20 global'].some((one) => runtime.test(one))).toBe(
        true,
      )
    }
  })
})
