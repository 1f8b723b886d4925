// What the operator's page costs the gateway's supervisor: node apps/dashboard/measure.mjs [seconds]
// Processor time of the process that serves the admin port, at 2,000 closes a second, for 0, 1 and 20 watching pages.
import { fork } from 'node:child_process'
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { fromSource } from './from-source.mjs'

const seconds = Number(process.argv[2] ?? 20)

if (process.send) await serve()
else await measure()

/** The process that is measured: an admin port before a gateway that is only numbers, so that nothing else costs. */
async function serve() {
  const { AdminServer } = await fromSource('/packages/gateway/src/operate/admin.ts')
  const { systemClock } = await fromSource('/packages/gateway/src/core/clock.ts')
  const { SyntheticOperations } = await fromSource('/packages/gateway/test/synthetic-operations.ts')
  const upstreams = Array.from({ length: 4 }, (_, i) => ({ name: `ws://10.0.0.${i}:3000` }))
  const routes = Array.from({ length: 5 }, (_, i) => ({ name: `route-${i}`, open: 1000, upstreams }))
  const operations = new SyntheticOperations(routes)
  const log = { info() {}, warn() {}, error() {} }
  const server = new AdminServer({ host: '127.0.0.1', port: 0 }, { operations, log, clock: systemClock })
  await server.listen()
  setInterval(() => {
    for (let i = 0; i < 200; i++) {
      const retry = 1000 + Math.floor(Math.random() * 4000)
      operations.close(
        `route-${i % 5}`,
        [1000, 1001, 1012, 1014][i % 4],
        'gateway',
        `reason ${i % 7}; retry=${retry}`,
      )
    }
  }, 100)
  process.on('message', () => process.send({ cpu: process.cpuUsage() }))
  process.send({ url: server.url })
}

async function measure() {
  const child = fork(new URL(import.meta.url))
  const answer = () => new Promise((resolve) => child.once('message', resolve))
  const { url } = await answer()
  const cpu = async () => {
    child.send('cpu')
    const { user, system } = (await answer()).cpu
    return (user + system) / 1e6
  }
  const watchers = []
  let without = 0
  for (const pages of [0, 1, 20]) {
    while (watchers.length < pages) {
      watchers.push(http.get(`${url}/api/frames`, (response) => response.resume()))
    }
    await pause(2000)
    const [before, start] = [await cpu(), performance.now()]
    await pause(seconds * 1000)
    const share = ((await cpu()) - before) / ((performance.now() - start) / 1000)
    if (pages === 0) without = share
    const more = ((share - without) * 100).toFixed(2)
    console.log(
      `${pages} pages: ${(share * 100).toFixed(2)} % of a core${pages > 0 ? `, ${more} % more than without` : ''}`,
    )
  }
  for (const watcher of watchers) watcher.destroy()
  child.kill()
}
