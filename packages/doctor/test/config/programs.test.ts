import { afterAll, describe, expect, test } from 'vitest'
import { fixtures } from './fixtures.ts'
import { Programs } from './programs.ts'

/** Fixtures whose fault is that the program refuses them, with what it says. */
const refused: Readonly<Record<string, RegExp>> = {
  'nginx-map-missing': /unknown "connection_upgrade" variable/,
  'nginx-scheme': /invalid URL prefix/,
  'caddy-upstream-path': /only support scheme, host, and port/,
  'caddy-v1': /unrecognized directive: gzip/,
}

const programs = new Programs()
afterAll(() => programs.remove())

describe.each(['nginx', 'haproxy', 'caddy', 'apache'] as const)('%s', (kind) => {
  const own = fixtures.filter((fixture) => fixture.kind === kind)
  test.for(own)('takes $name', ({ name, path, text }, { skip }) => {
    const verdict = programs.verdict(kind, path, text)
    if ('skipped' in verdict) return skip(verdict.skipped)
    const { status, output } = verdict
    const expected = refused[name]
    if (expected) {
      expect(output).toMatch(expected)
      expect(status).not.toBe(0)
    } else {
      expect(status, output).toBe(0)
    }
  })
})
