import { afterAll, describe, expect, test } from 'vitest'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import type { Finding } from '../../src/findings.ts'
import { applyFix } from './apply-fix.ts'
import { type Fixture, fixtureKinds, fixtures } from './fixtures.ts'
import { Programs } from './programs.ts'

const read = readFromDisk()
const programs = new Programs()
afterAll(() => programs.remove())

/** What is found in the file itself; findings in its includes are those of other texts. */
function findingsIn(fixture: Fixture): Finding[] {
  const { findings } = readProxyConfig([fixture], { read })
  return findings.filter(({ where }) => where && 'file' in where && where.file === fixture.path)
}

const keyOf = ({ code, args }: Finding) => JSON.stringify([code, args])

describe.each(fixtureKinds)('the fixes for %s', (kind) => {
  const all = fixtures
    .filter((fixture) => fixture.kind === kind)
    .flatMap((fixture) =>
      findingsIn(fixture).map((finding) => ({ name: fixture.name, code: finding.code, fixture, finding })),
    )

  test.for(all)('silence $code in $name', ({ fixture, finding }, { skip }) => {
    skip(fixture.name === 'faults', 'the lines for Caddy are those of a Caddyfile, and this is JSON')
    const text = applyFix(fixture.text, finding)
    if (text === undefined)
      throw new Error(`how is the fix of ${finding.code} applied? apply-fix.ts does not say`)
    expect(text).not.toBe(fixture.text)
    const { findings, problems } = readProxyConfig([{ ...fixture, text }], { read })
    expect(problems).toEqual([])
    const before = findingsIn(fixture).map(keyOf)
    expect(findings.map(({ code }) => code)).toHaveLength(before.length - 1)
    expect(findings.map(keyOf)).not.toContain(keyOf(finding))
  })

  test.for(all)('for $code in $name are taken by the program', ({ fixture, finding }, { skip }) => {
    skip(fixture.name === 'faults', 'the lines for Caddy are those of a Caddyfile, and this is JSON')
    const text = applyFix(fixture.text, finding) ?? ''
    const verdict = programs.verdict(kind, fixture.path, text)
    if ('skipped' in verdict) return skip(verdict.skipped)
    expect(verdict.status, verdict.output).toBe(0)
  })
})
