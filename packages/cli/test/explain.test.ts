import { closeCodes } from '@holdfast/close-codes'
import { explain } from '@holdfast/close-codes/explain'
import { languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import { whoSays } from '@holdfast/close-codes/measured'
import { expect, test } from 'vitest'
import { textWidth } from '../src/text-width.ts'
import { commandLine } from './command-line.ts'

const noBreaks = (text: string) => text.replace(/\s+/g, '')

test('explain 1012 gives both delays, where each comes from, and what Holdfast does', async () => {
  const { status, stdout, stderr } = await commandLine('explain 1012')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^1012 Service Restart {2}reconnect, 1-5 s, up to 30 s\n/)
  expect(stdout).toMatch(/Registered advice +A random 5-30 s, in the mailing-list post that the registry/)
  expect(stdout).toMatch(/Common practice +A random 1-5 s, then exponential backoff: about what\s+Socket\.IO/)
  expect(stdout).toMatch(/Holdfast +Reconnect after `retry=`/)
  expect(stdout).toContain('https://mailarchive.ietf.org/arch/msg/hybi/P_1vbD9uyHl63nbIIbFxKMfSwcM/\n')
})

test('explain shows every word about every code in every language, within the width', async () => {
  for (const tag of languageTags) {
    const { codes } = await loadLanguage(tag)
    for (const { code, id } of closeCodes) {
      const { stdout } = await commandLine(`explain ${code} --lang ${tag}`)
      const { meaning, description, whenSeen, howToFix, causes, pitfalls, retry } = codes[id]
      for (const text of [
        meaning,
        description,
        whenSeen,
        ...howToFix,
        ...causes,
        ...pitfalls,
        ...Object.values(retry),
      ]) {
        expect(noBreaks(stdout), `${code} ${tag}`).toContain(noBreaks(text))
      }
      for (const line of stdout.split('\n')) {
        if (!line.includes('https://')) expect(textWidth(line), line).toBeLessThanOrEqual(80)
      }
    }
  }
})

test('explain of a private number says whose it can be and where to read on', async () => {
  const { status, stdout } = await commandLine('explain 4004')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^4004 not registered {2}reconnect/)
  expect(stdout).toContain('4004 falls in the range 4000-4999.')
  expect(stdout).toMatch(/Discord Gateway +Authentication failed: wrong token \(do not\s+reconnect\)/)
  expect(stdout).toMatch(/Others with codes in this range\n {2}.*hocuspocus/)
  expect(stdout).toContain('`holdfast codes --private NAME`')
})

test('explain of a registered number names those who mean something else by it', async () => {
  const { stdout } = await commandLine('explain 3000')
  expect(stdout).toMatch(/In ecosystems\n {2}Centrifuge, Centrifugo +connection closed/)
})

test('explain of an unused number says that it must not be sent', async () => {
  const { status, stdout } = await commandLine('explain 999')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^999 not registered {2}do not reconnect\n/)
  expect(stdout).toMatch(/On the wire +must not be sent/)
})

test('explain speaks the language of the locale unless another is asked for', async () => {
  const env = { LANG: 'fr_FR.UTF-8' }
  expect((await commandLine('explain 1014', { env })).stdout).toContain('Quand il apparaît')
  expect((await commandLine('explain 1014 --lang de', { env })).stdout).toContain('Wann Sie ihn sehen')
  expect((await commandLine('explain 1014')).stdout).toContain('When you see it')
})

test('explain --json prints one document with facts, words and sources', async () => {
  for (const n of [1012, 4001, 2500]) {
    const { status, stdout, stderr } = await commandLine(`explain ${n} --json --lang ja`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { whoSays: says, ...document } = JSON.parse(stdout)
    expect(document).toEqual(JSON.parse(JSON.stringify(explain(n, await loadLanguage('ja')))))
    expect(says).toEqual(whoSays(n))
  }
})

test('explain answers wrong use with one message and status 2', async () => {
  for (const input of ['abc', '99999', '5000', '1012.5', '01012', '1e3', '١٠١٢']) {
    const { status, stdout, stderr } = await commandLine(`explain ${input}`)
    expect({ status, stdout }, input).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(`holdfast: '${input}' is no close code; give a number from 0 to 4999, such as 1012\n`)
  }
  for (const line of [
    'explain',
    'explain 1012 1014',
    'explain -1',
    'explain 1012 --lang xx',
    'explain 1012 --json=1',
  ]) {
    const { status, stdout, stderr } = await commandLine(line)
    expect({ status, stdout }, line).toEqual({ status: 2, stdout: '' })
    expect(stderr.trim().split('\n'), line).toHaveLength(1)
  }
})

test('explain --json answers wrong use with one document', async () => {
  const { status, stdout, stderr } = await commandLine('explain abc --json')
  expect({ status, stderr }).toEqual({ status: 2, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not_a_code' } })
})

test('explain says what is wrong in the language of the reader', async () => {
  const { stderr } = await commandLine('explain abc', { env: { LC_ALL: 'es_ES.UTF-8' } })
  expect(stderr).toContain('«abc» no es un código de cierre')
})

test('explain colours headings and advice on a terminal only, and not under NO_COLOR', async () => {
  const painted = await commandLine('explain 1012', { terminal: 80 })
  expect(painted.stdout).toMatch(/^\x1b\[1m1012 Service Restart\x1b\[22m {2}\x1b\[32mreconnect/)
  expect((await commandLine('explain 1000', { terminal: 80 })).stdout).toContain('\x1b[33mdo not reconnect')
  const { stdout } = await commandLine('explain 1012')
  expect(painted.stdout.replace(/\x1b\[\d+m/g, '')).toBe(stdout)
  expect((await commandLine('explain 1012', { terminal: 80, env: { NO_COLOR: '1' } })).stdout).toBe(stdout)
})

test('explain follows the width of the terminal', async () => {
  for (const terminal of [40, 60, 100]) {
    const { stdout } = await commandLine('explain 1014 --lang zh', { terminal, env: { NO_COLOR: '1' } })
    for (const line of stdout.split('\n')) {
      if (line.trim().includes(' ')) expect(textWidth(line), line).toBeLessThanOrEqual(terminal)
    }
  }
})
