// The shape of protocol/vectors.json: other languages read it, so it means nothing that protocol/README.md does not say.
import { readFileSync } from 'node:fs'
import { type ResumeStep, resumeVectors } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const vectors = resumeVectors()
const says = {
  client: ['connect', 'text', 'ack', 'ping', 'pong', 'bye', 'close', 'part', 'end'],
  gateway: ['welcome', 'select', 'text', 'ack', 'ping', 'pong', 'close'],
  upstream: ['sends', 'gets', 'closes', 'closed', 'ping', 'pong'],
  application: ['sends', 'gets', 'closes', 'told'],
  network: ['cut'],
}
const actors = Object.keys(says) as (keyof typeof says)[]
const names = ({ name }: { name?: string }) => name

test('vectors have names that differ, and no list is empty', () => {
  for (const list of [vectors.offers, vectors.messages, vectors.welcomes, vectors.dialogues]) {
    expect(list.length).toBeGreaterThan(5)
    expect(new Set(list.map(names)).size).toBe(list.length)
  }
  expect(vectors.nonce).toMatch(/^[A-Za-z0-9_-]{16}$/)
})

test('an entry is well formed exactly if PROTOCOL.md, section 2, allows it', () => {
  for (const { entry, token, received } of vectors.entries) {
    const [, ...parts] = /^holdfast\.v1\.([A-Za-z0-9_-]{1,128})\.(0|[1-9][0-9]*)$/.exec(entry) ?? []
    const good = parts.length === 2 && Number.isSafeInteger(Number(parts[1]))
    expect({ entry, token, received }).toEqual({
      entry,
      token: good ? parts[0] : null,
      received: good ? Number(parts[1]) : undefined,
    })
  }
})

test('a message is control exactly if it is one text frame that begins with U+0000 and the nonce', () => {
  const head = `\0${vectors.nonce}`
  for (const { name, text, hex, frames, from, is, body } of vectors.messages) {
    expect((text === undefined) !== (hex === undefined), name).toBe(true)
    const size = Buffer.byteLength(text ?? '') + (hex ?? '').length / 2
    if (frames)
      expect(
        frames.reduce((sum, bytes) => sum + bytes, 0),
        name,
      ).toBe(size)
    expect(is !== 'data', name).toBe(text?.startsWith(head) === true && !frames)
    if (from === 'client' && size > 128) expect(is, name).toBe(1002)
    if (is === 'control') expect(JSON.parse(text!.slice(head.length)), name).toMatchObject(body!)
  }
})

describe.each(vectors.dialogues.map((dialogue) => [dialogue.name, dialogue] as const))(
  '%s',
  (_, dialogue) => {
    const { steps, of } = dialogue

    test('its steps have one actor each, who can do that', () => {
      expect(of.length).toBeGreaterThan(0)
      for (const step of steps) {
        const acting = actors.filter((actor) => step[actor] !== undefined)
        expect(acting, JSON.stringify(step)).toHaveLength(1)
        expect(says[acting[0]!], JSON.stringify(step)).toContain(step[acting[0]!])
      }
    })

    test('it comes back with tokens that it has met', () => {
      for (const role of of) backWithKnownTokens(steps.filter(({ only }) => !only || only === role))
    })
  },
)

function backWithKnownTokens(steps: ResumeStep[]): void {
  const known = new Set<string>()
  for (const step of steps) {
    if (step.gateway === 'welcome') known.add(step.token!)
    if (step.back?.[0].startsWith('$')) expect(known, JSON.stringify(step)).toContain(step.back[0])
    if (step.gateway === 'welcome' && !step.resumed) expect(step.received, JSON.stringify(step)).toBe(0)
    if (step.on !== undefined) {
      const connections = steps.slice(0, steps.indexOf(step)).filter(({ client }) => client === 'connect')
      expect(step.on).toBeLessThanOrEqual(connections.length)
    }
  }
}

test('the README beside the vectors names every step', () => {
  const readme = readFileSync(new URL('../../../protocol/README.md', import.meta.url), 'utf8')
  for (const word of Object.values(says).flat()) expect(readme).toContain(word)
})
