// An admin port with operations that only note what they are asked for.
import http from 'node:http'
import { eventually, type FakeClock, fakeClock } from '@holdfast/testing'
import { pino } from 'pino'
import { GatewayError } from '../src/core/errors.ts'
import type { AdminOptions } from '../src/core/options.ts'
import { noneRefused } from '../src/core/socket-counts.ts'
import { AdminServer } from '../src/operate/admin.ts'
import { EventFeed } from '../src/operate/events.ts'
import type { GatewayState, Operations, ReloadResult } from '../src/operate/operations.ts'

/** Operations that note what they are asked for. */
class Notes implements Operations {
  readonly events = new EventFeed()
  readonly asked: unknown[] = []
  reason: string | undefined
  previewResult: ReloadResult = {
    ok: true,
    changes: ['route a removed: 3 connections would be closed'],
    notes: [],
    drained: 3,
  }
  reloadResult: ReloadResult = { ok: true, changes: ['drain changed'], notes: [], drained: 2 }

  unready() {
    return this.reason
  }
  detail: string[] = []
  troubles() {
    return this.detail
  }
  async state() {
    const empty = { listen: [], workers: [], routes: [], drains: [] }
    return { version: '1.2.3', phase: 'serving', ...empty } as unknown as GatewayState
  }
  async measure() {
    return {
      snapshot: { routes: [], drains: [] },
      workers: [],
      workerRestarts: 0,
      handovers: {},
      logLinesDropped: 0,
      accessLinesDropped: 0,
      sockets: { pending: 0, refused: noneRefused(), short: false },
      certificates: [],
    }
  }
  async connections(filter: object) {
    this.asked.push(filter)
    return []
  }
  async closeConnection(...asked: [string, number, string]) {
    this.asked.push(asked)
    return asked[0] === '1-a'
  }
  drain(scope?: { route?: string }) {
    if (scope?.route === 'none') throw new GatewayError('not_found', 'gateway', "there is no route 'none'")
    this.asked.push(scope)
    return Promise.resolve({ closed: 3, moved: 0, cut: 1 })
  }
  async previewUpgrade() {
    return { ok: false as const, error: 'not now' }
  }

  async upgrade() {
    return { ok: false as const, error: 'not now' }
  }

  rebalance(how: object) {
    this.asked.push(how)
    return { done: Promise.resolve(this.rebalanced) }
  }
  rebalanced = {
    why: 'balanced' as const,
    before: 9,
    connections: 6,
    share: 6,
    given: 3,
    notGiven: 0,
    ms: 1000,
  }
  stopRebalance() {
    return this.asked.includes('stop') ? this.rebalanced : undefined
  }

  async undrain() {
    return ['route a']
  }

  async previewReload() {
    return this.previewResult
  }

  async reload() {
    return this.reloadResult
  }
}

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  json: { api?: string[]; error?: { code: string; message: string } }
}

export class TestAdmin implements AsyncDisposable {
  readonly operations = new Notes()
  readonly clock: FakeClock = fakeClock(1_000_000_000)
  readonly server: AdminServer

  constructor(token?: string, { page = '', ...given }: Partial<AdminOptions> & { page?: string } = {}) {
    const log = pino({ level: 'silent' })
    const admin = { host: '127.0.0.1', port: 0, token, ...given }
    this.server = new AdminServer(admin, { operations: this.operations, log, clock: this.clock, page })
  }

  get port() {
    return Number(new URL(this.server.url).port)
  }

  ask(method: string, path: string, headers: http.OutgoingHttpHeaders = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.port, method, path, headers, agent: false }
      const request = http.request(options, async (response) => {
        let text = ''
        for await (const chunk of response.setEncoding('utf8')) text += chunk
        let json: unknown
        try {
          json = JSON.parse(text)
        } catch {}
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: json as Answer['json'],
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  post(path: string, body: object): Promise<Answer> {
    return this.ask('POST', path, { 'content-type': 'application/json' }, JSON.stringify(body))
  }

  /** Opens the event stream; what has come so far is in `text()`. */
  watch(headers: http.OutgoingHttpHeaders = {}) {
    return new Promise<{ text(): string; close(): void; ended(): boolean; response: http.IncomingMessage }>(
      (resolve) => {
        const options = { host: '127.0.0.1', port: this.port, path: '/api/events', headers, agent: false }
        http.get(options, (response) => {
          let text = ''
          let ended = false
          response.setEncoding('utf8')
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () => {
            ended = true
          })
          response.on('error', () => {})
          resolve({ text: () => text, ended: () => ended, close: () => response.destroy(), response })
        })
      },
    )
  }

  async [Symbol.asyncDispose]() {
    const closed = this.server.close()
    await eventually('the admin port to close', async () => {
      this.clock.tick(1000)
      return Promise.race([
        closed.then(() => true),
        new Promise<false>((resolve) => setImmediate(resolve, false)),
      ])
    })
  }
}

export async function startAdmin(
  token?: string,
  given: Partial<AdminOptions> & { page?: string } = {},
): Promise<TestAdmin> {
  const admin = new TestAdmin(token, given)
  await admin.server.listen()
  return admin
}
