import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { eventually } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { RequestQueue } from '../src/listen/request-queue.ts'

test('a connection is not read while many of its requests wait, and read again when they are answered', async () => {
  const queue = new RequestQueue()
  const total = 50_000
  let open = false
  let answered = 0
  const waiting: http.ServerResponse[] = []
  const server = http.createServer((req, res) =>
    queue.add(req, res, () => {
      if (open) res.end(() => answered++)
      else waiting.push(res)
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.resume().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(total))
  const sizes: number[] = []
  await eventually(
    'nothing more is read',
    () => sizes.push(queue.size) > 2 && queue.size > 0 && sizes.at(-2) === queue.size,
    {
      every: 100,
    },
  )
  // What came with the read that was under way.
  expect(queue.size).toBeLessThan(5_000)
  expect(waiting).toHaveLength(1)
  open = true
  waiting[0]!.end(() => answered++)
  await eventually('all are answered', () => answered === total, { every: 100 })
  client.destroy()
  server.close()
})
