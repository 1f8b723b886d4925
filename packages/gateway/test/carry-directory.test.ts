// The directory of the sockets to what old workers carry: this user's alone, and gone when nobody uses it.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CarryDirectory, whyNotCarry } from '../src/process/carry-directory.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'carry-'))
})
afterEach(() => rmSync(base, { recursive: true }))

test('it is made when it is needed, for its user alone, and removed', () => {
  const directory = new CarryDirectory(base)
  const path = directory.open()
  expect(statSync(path).mode & 0o777).toBe(0o700)
  expect(directory.open()).toBe(path)
  directory.remove()
  expect(existsSync(path)).toBe(false)
})

const spoilers: [string, (path: string) => void][] = [
  ['can be entered by others', (path) => chmodSync(path, 0o755)],
  [
    'is a link',
    (path) => {
      rmSync(path, { recursive: true })
      mkdirSync(join(base, 'elsewhere'), { mode: 0o700 })
      symlinkSync(join(base, 'elsewhere'), path)
    },
  ],
  ['is gone', (path) => rmSync(path, { recursive: true })],
]

test.each(spoilers)('one that %s is not used any more', (_, spoil) => {
  const directory = new CarryDirectory(base)
  const path = directory.open()
  spoil(path)
  expect(directory.open()).not.toBe(path)
})

test.skipIf(process.getuid?.() !== 0)(
  'one of another owner is not used, nor removed at a start (needs root)',
  () => {
    const directory = new CarryDirectory(base)
    const path = directory.open()
    chownSync(path, 65_534, 65_534)
    expect(directory.open()).not.toBe(path)
    new CarryDirectory(base).removeStale()
    expect(existsSync(path)).toBe(true)
  },
)

test('a start removes what killed supervisors have left, and nothing else', () => {
  const [dead, alive, own] = [4_194_303, process.ppid, process.pid].map((pid) =>
    join(base, `holdfast-${pid}-abc123`),
  ) as [string, string, string]
  const other = join(base, 'holdfast-notes')
  for (const path of [dead, alive, own, other]) mkdirSync(path, { mode: 0o700 })
  const link = join(base, 'holdfast-4194302-abc123')
  symlinkSync(other, link)
  const directory = new CarryDirectory(base)
  const mine = directory.open()
  directory.removeStale()
  // A process has its id alone: who left a directory with this one's is gone.
  expect([dead, alive, own, other, mine].map(existsSync)).toEqual([false, true, false, true, true])
  directory.remove()
})

test('where the paths of its sockets would be too long there is none, and the words say what to do', () => {
  const long = join(base, 'x'.repeat(100))
  expect(whyNotCarry(base)).toBe(undefined)
  expect(whyNotCarry(long)).toMatch(
    /^sockets in .* would have paths of \d+ bytes, and \d+ are possible: set TMPDIR/,
  )
  expect(() => new CarryDirectory(long).open()).toThrow(/set TMPDIR to a shorter one/)
})
