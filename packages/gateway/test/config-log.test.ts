import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { accessFileFault } from '../src/config/schema-log.ts'
import { faultOf, linesFor, optionsFor, shortest } from './config-text.ts'

const withLog = (keys: string) => `log: { ${keys} }\n${shortest}`

describe('log', () => {
  test('is none unless it says where', async () => {
    expect((await optionsFor(shortest)).accessLog).toBeUndefined()
    expect((await optionsFor(withLog(''))).accessLog).toBeUndefined()
  })

  test.each([
    ['access: stdout', 'stdout'],
    ['access: "-"', 'stdout'],
    ['access: logs/access.log', { file: join(process.cwd(), 'logs/access.log') }],
  ])('%s is where it is written', async (keys, access) => {
    expect((await optionsFor(withLog(keys))).accessLog).toEqual({ access, format: 'json', mask: [] })
  })

  test.each([
    ['access: stderr', /standard error has the other log/],
    ['access: syslog:server=unix:/dev/log', /let a log collector read it/],
    ['access: 3', /log\.access must be stdout, off, or the path of a file/],
    ['access: stdout, format: clf', /log\.format must be/],
    ['access: stdout, mask: token', /log\.mask must be a list of names of parameters, or off/],
    ['access: stdout, mask: ["a=b"]', /log\.mask\[0\] must be the name of a parameter/],
    ['access: stdout, mask: off', /warning: log\.mask is off: tokens in queries/],
    ['format: combined', /warning: log has no effect while log\.access is off/],
  ])('%s is told', async (keys, words) => {
    expect(await faultOf(withLog(keys))).toMatch(words)
  })

  test('names a file that can be written, in a folder that is there; nothing is made to find that out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
    try {
      const file = join(folder, 'file')
      expect(await accessFileFault(file)).toBeUndefined()
      expect(await accessFileFault(file)).toBeUndefined()
      expect((await accessFileFault(folder))?.message).toBe('is a directory')
      expect((await accessFileFault(join(folder, 'no/file')))?.message).toMatch(/a folder that is not there/)
      writeFileSync(file, '')
      expect(await accessFileFault(file)).toBeUndefined()
      expect(await faultOf(withLog(`access: ${folder}`))).toBe('')
      const checked = { checkAccessFile: accessFileFault }
      expect(await linesFor(withLog(`access: ${folder}`), checked)).toEqual([
        expect.stringMatching(/^holdfast\.yaml:1:16: log\.access is a directory; name a file in it$/),
      ])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
