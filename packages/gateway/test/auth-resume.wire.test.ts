// Sessions that clients come back to, on a route whose authentication service is asked about them.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually, startHoldfast, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { ResumingClient, resumingClient } from './resuming.ts'

/** A service that answers as told, and keeps the questions. */
async function authService(answer: http.RequestListener) {
  const service = { answer, questions: [] as http.IncomingMessage[], url: '' }
  const server = http.createServer((req, res) => {
    service.questions.push(req)
    service.answer(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`
  return Object.assign(service, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const says =
  (status: number, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
  (_, res) =>
    res.writeHead(status, headers).end()

const config = (upstream: string, url: string, more: object = {}) => ({
  workers: 1,
  routes: [
    {
      name: 'r',
      upstreams: [upstream],
      auth: { url, headers: ['X-User', 'X-Jwt'], timeout: '1s' },
      resume: {},
      rejections: 'close',
      ...more,
    },
  ],
})

const jwt = (sub: string, number: number) =>
  ['{}', JSON.stringify({ sub, number })].map((part) => Buffer.from(part).toString('base64url')).join('.') +
  '.x'

test('a parked session whose client may not stay ends: its upstream is told, and the client when it comes back', async () => {
  await using upstream = await startUpstream()
  await using service = await authService(says(200, { 'Holdfast-Expires': 1 }))
  await using holdfast = await startHoldfast({ config: config(upstream.url, service.url) })
  const client = await resumingClient(holdfast.url)
  const server = await upstream.connection()
  client.cut()
  service.answer = says(401)
  expect(await server.closed).toMatchObject({ code: 1001 })
  const connection = await client.dial()
  expect(await connection.closeFrame()).toMatchObject({ code: 3000 })
  // Whoever is let in again hears how the session has ended.
  service.answer = says(200)
  await client.open()
  expect(await client.connection!.closeFrame()).toEqual({ code: 3000, reason: 'unauthorized' })
})

test('a new token for the same user goes back to its session, and another user does not', async () => {
  await using upstream = await startUpstream()
  let number = 0
  const user: http.RequestListener = (req, res) =>
    says(200, { 'X-User': req.headers.cookie, 'X-Jwt': jwt(req.headers.cookie!, number++) })(req, res)
  await using service = await authService(user)
  await using holdfast = await startHoldfast({ config: config(upstream.url, service.url) })
  const client = await resumingClient(holdfast.url, { headers: { Cookie: 'ann' } })
  for (let i = 0; i < 3; i++) {
    client.cut()
    expect(await client.open()).toMatchObject({ resumed: true })
  }
  client.cut()
  const thief = new ResumingClient(holdfast.url, { headers: { Cookie: 'bob' } })
  Object.assign(thief, { token: client.token })
  const connection = await thief.dial()
  expect(await connection.closeFrame()).toEqual({ code: 3000, reason: 'session of another client' })
  expect(await client.open()).toMatchObject({ resumed: true })
  client.cut()
})

test('who comes back with another token is asked about with that one', async () => {
  await using upstream = await startUpstream()
  const headers: Record<string, string> = { Cookie: 'old' }
  const grants =
    (valid: string): http.RequestListener =>
    (req, res) =>
      (req.headers.cookie === valid ? says(200, { 'X-User': 'ann', 'Holdfast-Expires': 2 }) : says(401))(
        req,
        res,
      )
  await using service = await authService(grants('old'))
  await using holdfast = await startHoldfast({ config: config(upstream.url, service.url) })
  const client = await resumingClient(holdfast.url, { headers })
  client.cut()
  headers.Cookie = 'new'
  service.answer = grants('new')
  expect(await client.open()).toMatchObject({ resumed: true })
  const asked = service.questions.length
  await eventually('two more questions', () => service.questions.length >= asked + 2)
  expect(service.questions.slice(asked).map((question) => question.headers.cookie)).toContain('new')
  expect(service.questions.slice(asked).every((question) => question.headers.cookie === 'new')).toBe(true)
  client.send('still here')
  await client.until(1)
  client.cut()
})

test('while nobody says who comes back the session waits, with onError: allow, too', async () => {
  await using upstream = await startUpstream()
  await using service = await authService(says(200, { 'X-User': 'ann' }))
  const auth = { url: service.url, headers: ['X-User'], timeout: '1s', onError: 'allow' }
  await using holdfast = await startHoldfast({ config: config(upstream.url, service.url, { auth }) })
  const client = await resumingClient(holdfast.url)
  client.cut()
  service.answer = says(500)
  const connection = await client.dial()
  expect(await connection.closeFrame()).toMatchObject({ code: 1014 })
  // Somebody new gets in.
  const another = await resumingClient(holdfast.url)
  another.cut()
  service.answer = says(200, { 'X-User': 'ann' })
  expect(await client.open()).toMatchObject({ resumed: true })
  client.cut()
})
