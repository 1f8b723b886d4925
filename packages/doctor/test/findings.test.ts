import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type FindingCode, finding, findings, isFindingCode } from '../src/findings.ts'
import { configFindings } from '../src/findings-config.ts'
import { probeFindings } from '../src/findings-probe.ts'
import { renderFindings } from '../src/render.ts'
import { en } from '../src/text/en.ts'
import { fix, title, why } from '../src/words.ts'
import { fixtures } from './config/fixtures.ts'

const codes = Object.keys(findings) as FindingCode[]
const allArgs = new Set<string>(Object.values(findings).flatMap(({ args }) => [...args]))
const page = fileURLToPath(new URL('../../../docs/findings.md', import.meta.url))
const testFolder = fileURLToPath(new URL('.', import.meta.url))

describe('the table of findings', () => {
  test('has its texts, and there are no texts without a row', () => {
    expect(Object.keys(en).sort()).toEqual([...codes].sort())
  })

  test('shares no code between configurations and probes', () => {
    expect(Object.keys(configFindings).filter((code) => code in probeFindings)).toEqual([])
  })

  test.each(codes)('%s uses in its words exactly the arguments of its row', (code) => {
    const { title: line, why: reason, fix: lines } = en[code]
    const args: readonly string[] = findings[code].args
    const text = [line, reason, ...lines].join('\n')
    expect(args.filter((name) => !text.includes(`{${name}}`))).toEqual([])
    // Braces of configuration languages may stand in a text; a name that rows use elsewhere is a mistake.
    const used = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
    expect(used.filter((name) => allArgs.has(name) && !args.includes(name))).toEqual([])
    expect(line).not.toMatch(/\.$/)
    expect(reason).toMatch(/[.?]$/)
    for (const one of lines) expect(one).not.toMatch(/\n|\s$/)
  })

  test('has a fixture for each code that is found in configurations, and no fixture for a code without a row', () => {
    const names = new Set(fixtures.map(({ name }) => name))
    expect(Object.keys(configFindings).filter((code) => !names.has(code))).toEqual([])
    const coded = [...names].filter((name) =>
      /^(?:nginx|haproxy|caddy|apache|envoy|ingress|gateway)-/.test(name),
    )
    expect(coded.filter((name) => !isFindingCode(name))).toEqual([])
  })

  test('has a test for each code that is found by probes', () => {
    const tests = readdirSync(testFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('config'))
      .map((file) => readFileSync(testFolder + file, 'utf8'))
      .join('\n')
    expect(Object.keys(probeFindings).filter((code) => !tests.includes(`'${code}'`))).toEqual([])
  })
})

describe('docs/findings.md', () => {
  const text = readFileSync(page, 'utf8')

  test('is what the renderer makes of the table', () => {
    expect(text, 'build, then: node packages/doctor/tools/write-findings.mjs').toBe(renderFindings(en))
  })

  test('has a heading, and so an anchor, for each code and for nothing else', () => {
    const anchors = [...text.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading)
    expect(anchors.sort()).toEqual([...codes].sort())
  })
})

describe('the words of a finding', () => {
  const found = finding('nginx-path-slash', {
    location: '/ws',
    target: '/',
    example: '/ws/chat',
    seen: '//chat',
    fixed: 'location /ws/ {',
  })

  test('hold its values', () => {
    expect(title(found)).toBe('location /ws with / turns /ws/chat into //chat')
  })

  test('keep the braces of configuration languages', () => {
    const map = finding('nginx-map-missing', { variable: '$connection_upgrade' })
    expect(fix(map)[0]).toBe('map $http_upgrade $connection_upgrade {')
    const caddy = finding('caddy-header-up', { operation: 'header_up Connection {>Connection}' })
    expect(title(caddy)).toContain('{>Connection}')
  })

  test('may be in another language', () => {
    const text = { title: 'titre {location}', why: 'parce que.', fix: ['{target}'] }
    const texts = { ...en, 'nginx-path-slash': text }
    expect([title(found, texts), why(found, texts), ...fix(found, texts)]).toEqual([
      'titre /ws',
      'parce que.',
      '/',
    ])
  })

  test('have the level of the row, unless another is given', () => {
    expect(found.level).toBe('warning')
    const timeout = { timeout: '30s' }
    expect(finding('nginx-read-timeout', timeout).level).toBe('error')
    expect(finding('nginx-read-timeout', timeout, { file: 'a', line: 1 }, 'warning').level).toBe('warning')
  })
})
