import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserMissing, Child, waitLimitMs, within } from '@holdfast/testing'
import { WebSocket as Undici } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
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
  const seen: Record<string, Seen> = {}
  // One call for each, so that one that never comes back is named.
  for (const job of jobs) {
    const one = page.page.evaluate((only) => {
      const { parity } = globalThis as unknown as { parity: { runAll: typeof runAll } }
      return parity.runAll([only], WebSocket, true)
    }, job)
    Object.assign(seen, await within(waitLimitMs, `what the page saw of: ${job.name}`, one))
  }
  return seen
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

/** What it gives, for all who ask; asked once more after a failure, which then is that of one test. */
function memo<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  let failures = 0
  return () => {
    made ??= make().catch((error) => {
      if (++failures === 1) made = undefined
      throw error
    })
    return made
  }
}

for (const { name, play, missing } of runtimes) {
  const skipped = missing ? ` (skipped: ${missing})` : ''
  describe.skipIf(missing !== undefined)(`with reconnecting off, on ${name}${skipped}`, () => {
    const played = memo(async () => {
      await using servers = await startCases()
      return await play(servers.jobs)
    })

    for (const { name: what, expected, withError } of cases) {
      const deviation = deviations.find(({ runtime, cases: which }) => runtime.test(name) && which.test(what))

      const inherited = deviation?.inherited ?? false

      it(`ReconnectingWebSocket sees what ${inherited ? name : 'WHATWG'} says: ${what}`, async () => {
        const { native, ours } = (await played())[what]!
        if (inherited || (withError && !deviation)) expect(ours).toEqual(native)
        if (!inherited) expect([expected, withError]).toContainEqual(ours)
      })

      it(`the native WebSocket ${deviation ? `does not, ${deviation.why}` : 'sees the same'}: ${what}`, async () => {
        const { native } = (await played())[what]!
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
