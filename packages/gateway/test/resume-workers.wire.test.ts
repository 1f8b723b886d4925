// Several workers: a client that comes back reaches any of them, and its session is in one.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  eventually,
  gone,
  rawSocket,
  runtime,
  startHoldfast,
  startUpstream,
  upgradeRequest,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { ResumingClient, resumingClient } from './resuming.ts'

const resume = { for: '60s' }

// On Bun there is one process.
describe.skipIf(runtime().foreign)('with several workers', () => {
  test('a client finds its session whichever worker it reaches', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 3, routes: [{ name: 'chat', upstreams: [upstream.url], resume }] },
    })
    const clients = await Promise.all(Array.from({ length: 12 }, () => resumingClient(gateway.url)))
    for (let round = 0; round < 4; round++) {
      for (const [n, client] of clients.entries()) {
        client.send(`${n}.${round}`)
        client.cut()
        expect(await client.open()).toMatchObject({ resumed: true })
      }
    }
    for (const [n, client] of clients.entries())
      expect(await client.until(4)).toEqual([0, 1, 2, 3].map((round) => `${n}.${round}`))
    expect(upstream.connections).toHaveLength(clients.length)
    // The end of a session is told through another worker, too.
    for (const client of clients) {
      client.connection!.close(3456)
      expect((await client.connection!.closeFrame())?.code).toBe(3456)
    }
  })

  test('the folder in which they find each other goes with the supervisor, and after a SIGKILL at the next start', async () => {
    await using upstream = await startUpstream()
    const folder = mkdtempSync(join(tmpdir(), 'hf-'))
    const start = () =>
      startHoldfast({
        config: { workers: 2, routes: [{ name: 'chat', upstreams: [upstream.url], resume }] },
        env: { TMPDIR: folder },
      })
    const killed = await start()
    const [left] = readdirSync(folder)
    expect(left).toMatch(new RegExp(`^holdfast-${killed.pid}-`))
    const workers = killed.workers()
    killed.signal('SIGKILL')
    await gone(workers)
    await killed[Symbol.asyncDispose]()
    expect(readdirSync(folder)).toEqual([left])
    await using next = await start()
    const [other, ...more] = readdirSync(folder)
    expect(other).toMatch(new RegExp(`^holdfast-${next.pid}-`))
    expect(more).toEqual([])
    next.signal('SIGTERM')
    await next.exited
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })

  test('a client finds its session also where those who decide about it take longer than workers wait for each other', async () => {
    let isSlow = false
    const service = http.createServer((_, response) => {
      const answer = () => response.writeHead(204, { 'X-User': 'ann' }).end()
      // Workers wait for 5 s until one of them says that it has the session.
      if (isSlow) setTimeout(answer, 5500)
      else answer()
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const auth = {
      url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/`,
      headers: ['X-User'],
      timeout: '60s',
    }
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 3, routes: [{ name: 'chat', upstreams: [upstream.url], resume, auth }] },
    })
    const clients = await Promise.all(Array.from({ length: 8 }, () => resumingClient(gateway.url)))
    for (const client of clients) client.cut()
    isSlow = true
    const welcomes = await Promise.all(clients.map((client) => client.open()))
    expect(welcomes.map(({ resumed }) => resumed)).toEqual(clients.map(() => true))
    for (const client of clients) client.cut()
    service.closeAllConnections()
    await new Promise((resolve) => service.close(resolve))
  })

  test('a client that leaves while it is decided about has come back nowhere, whichever worker it reached', async () => {
    let isSlow = false
    let asked = 0
    let givenUp = 0
    const service = http.createServer((_, response) => {
      if (!isSlow) return void response.writeHead(204).end()
      asked++
      response.once('close', () => givenUp++)
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const auth = { url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/`, timeout: '60s' }
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 3, routes: [{ name: 'chat', upstreams: [upstream.url], resume, auth }] },
    })
    const clients = await Promise.all(Array.from({ length: 8 }, () => resumingClient(gateway.url)))
    isSlow = true
    const returns = await Promise.all(clients.map(() => rawSocket(gateway.url)))
    for (const [n, { offers }] of clients.entries())
      returns[n]!.write(upgradeRequest(gateway.url, { protocols: offers }))
    await eventually('the questions', () => asked === clients.length)
    for (const socket of returns) socket.destroy()
    await eventually('nobody asks any more', () => givenUp === clients.length)
    isSlow = false
    // The sessions are where they were.
    for (const client of clients) client.send('still there')
    for (const client of clients) expect(await client.until(1)).toEqual(['still there'])
    expect(clients.map(({ welcomes }) => welcomes.length)).toEqual(clients.map(() => 1))
    expect(upstream.connections).toHaveLength(clients.length)
    for (const client of clients) client.cut()
    service.closeAllConnections()
    await new Promise((resolve) => service.close(resolve))
  })

  test('a token that no worker knows gets a new session', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 2, routes: [{ name: 'chat', upstreams: [upstream.url], resume }] },
    })
    const client = new ResumingClient(gateway.url)
    client.token = `1-${'x'.repeat(43)}`
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    client.cut()
  })
})
