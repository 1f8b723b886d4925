import { browserMissing, startUpstream } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { openPage } from './page.ts'

const missing = browserMissing()

const program = (client: string) => `${client}
onmessage = ({ data: url }) => {
  const socket = new Holdfast.ReconnectingWebSocket(url)
  for (const type of ['open', 'close']) socket.addEventListener(type, () => postMessage(type))
  socket.onmessage = ({ data }) => postMessage(data)
  socket.onopen = () => socket.send('from a worker')
}`

it.skipIf(missing)(`works in a worker${missing ? ` (skipped: ${missing})` : ''}`, async () => {
  await using server = await startUpstream()
  const client = await bundle({ entry: '../src/index.ts', format: 'iife', name: 'Holdfast' })
  await using page = await openPage('', { '/worker.js': program(client) })
  await page.page.evaluate((url) => {
    const seen: unknown[] = []
    const worker = new Worker('/worker.js')
    worker.onmessage = ({ data }) => seen.push(data)
    worker.postMessage(url)
    Object.assign(globalThis, { seen })
  }, server.url)
  ;(await server.connection()).socket.once('message', () => server.connections[0]!.close(1012, 'retry=20'))
  await page.page.waitForFunction(() => (globalThis as unknown as { seen: unknown[] }).seen.length === 5)
  const seen = await page.page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen)
  expect(seen).toEqual(['open', 'from a worker', 'close', 'open', 'from a worker'])
})
