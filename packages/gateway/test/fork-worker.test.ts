import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { eventually, isAlive } from '@holdfast/testing'
import { expect } from 'vitest'
import { forkWorker } from '../src/process/fork-worker.ts'
import { onNode } from './upgrading.ts'

onNode.each([
  ['ends', 'process.exit(0)'],
  ['is killed', "process.kill(process.pid, 'SIGKILL')"],
])('all that a worker said before it %s is heard before its end', async (_, end) => {
  const folder = mkdtempSync(join(tmpdir(), 'worker-'))
  try {
    const file = join(folder, 'worker.mjs')
    // Said in one go; the last one has left when its callback comes.
    const say = (i: string, then: string) =>
      `process.send({ type: 'left', sockets: ${i} }, undefined, undefined, ${then})`
    writeFileSync(
      file,
      `for (let i = 0; i < 99; i++) ${say('i', '() => {}')}\n${say('99', `() => { ${end} }`)}\n`,
    )
    const channel = forkWorker(pathToFileURL(file))
    const heard: number[] = []
    let endedAfter: number | undefined
    channel.onMessage((message) => message.type === 'left' && heard.push(message.sockets))
    channel.onExit(() => (endedAfter = heard.length))
    // This process is busy meanwhile, so that it finds words and end at the same moment.
    for (const until = performance.now() + 8000; isAlive(channel.pid) && performance.now() < until; );
    await eventually('its end', () => endedAfter !== undefined)
    expect(endedAfter).toBe(100)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
