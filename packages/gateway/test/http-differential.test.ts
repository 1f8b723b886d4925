import { readFileSync } from 'node:fs'
import type net from 'node:net'
import { describe, expect, test } from 'vitest'
import { type HttpCase, httpCases } from './http-cases.ts'
import { peers, startPeer, whyAbsent } from './http-peers.ts'
import { dialListener } from './listener-host.ts'
import { recordingUpstream } from './recording-upstream.ts'
import { fieldValues, type StrictMessage } from './strict-http.ts'

/** What the client got, and what the upstream. */
async function outcomeOf(
  { request, shows = [] }: HttpCase,
  peer: { url: string },
  upstream: { requests: StrictMessage[]; faults: string[] },
): Promise<string> {
  upstream.requests.length = 0
  upstream.faults.length = 0
  const { hostname, port } = new URL(peer.url)
  const socket = await dialListener({ host: hostname, port: Number(port) })
  socket.write(request, 'latin1')
  const answer = await untilClosed(socket)
  const statuses = [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => status)
  const got = upstream.requests.map((message) => describeRequest(message, shows))
  return [statuses.join(' ') || 'no answer', ...got, ...upstream.faults].join('; ')
}

/** What comes until the connection ends; one that stays open, though it was asked not to, is ended here. */
async function untilClosed(socket: net.Socket): Promise<string> {
  let text = ''
  const timer = setTimeout(() => socket.destroy(), 2_000)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  await closed
  clearTimeout(timer)
  return text
}

function describeRequest({ start, fields, body, trailers }: StrictMessage, shows: string[]): string {
  const shown = shows.flatMap((name) =>
    name.startsWith('trailer:')
      ? fieldValues(trailers, name.slice(8)).map((value) => `trailer ${name.slice(8)}: ${value}`)
      : fieldValues(fields, name).map((value) => `${name}: ${value.replace(/127\.\d+\.\d+\.\d+/g, 'IP')}`),
  )
  const length = body === '' ? [] : [`${body.length} bytes`]
  // A target is shown without the address of this run.
  return [start.replace(' HTTP/1.1', ''), ...shown, ...length].join(', ')
}

describe.each(peers)('%s', (peer) => {
  const absent = whyAbsent(peer)
  if (absent) console.log(`not tested: the odd requests through ${peer} (${absent})`)

  test.skipIf(absent !== undefined)('makes of each odd request what the table says', async () => {
    await using upstream = await recordingUpstream()
    await using running = await startPeer(peer, upstream.port)
    for (const one of httpCases) {
      const expected = one.outcome[peer] ?? one.outcome.holdfast
      expect([one.name, await outcomeOf(one, running, upstream)]).toEqual([one.name, expected])
    }
  })
})

test('the page shows the table', () => {
  const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')
  const [, shown] = /<!-- odd requests -->\n(.*)<!-- end -->/s.exec(page) ?? []
  expect(shown?.trim()).toBe(table())
})

/** Rows for the page; '=' is what Holdfast does. */
function table(): string {
  const head =
    '| a request with | Holdfast | nginx | HAProxy | Caddy | Apache | why |\n| --- | --- | --- | --- | --- | --- | --- |'
  const cell = (text: string) => text.replace(/[\x00-\x1f\x7f-\xff]/g, escapeByte).replaceAll('|', '\\|')
  const rows = httpCases.map(({ name, outcome, why }) => {
    const cells = peers.map((peer) => (peer === 'holdfast' ? outcome.holdfast : (outcome[peer] ?? '=')))
    return `| ${[name, ...cells.map(cell), why].join(' | ')} |`
  })
  return [head, ...rows].join('\n')
}

function escapeByte(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}
