import { closeCode } from '@holdfast/close-codes'
import { compare } from '@holdfast/close-codes/compare'
import { explain } from '@holdfast/close-codes/explain'
import { languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import { expect, test } from 'vitest'
import { textWidth } from '../src/text-width.ts'
import { commandLine } from './command-line.ts'

const noBreaks = (text: string) => text.replace(/\s+/g, '')

test('compare 1012 1014 shows both codes, what differs, and which to use when', async () => {
  const { status, stdout, stderr } = await commandLine('compare 1012 1014')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^1012 Service Restart and 1014 Bad Gateway\n/)
  expect(stdout).toMatch(/Key differences\n {2}1012 +"I am restarting and will be back\."\n/)
  expect(stdout).toMatch(/ {2}Occasion +1012 is planned; 1014 reports a fault\.\n/)
  expect(stdout).toMatch(/Which to use when\n {2}1012 {2}You stop on purpose/)
  expect(stdout.match(/^When you see it$/gm)).toHaveLength(2)
  expect(stdout.match(/^How to fix it$/gm)).toHaveLength(2)
})

test('compare gives the same for both orders', async () => {
  expect(await commandLine('compare 1014 1012')).toEqual(await commandLine('compare 1012 1014'))
})

test('compare shows the whole comparison in every language, within the width', async () => {
  for (const tag of languageTags) {
    const language = await loadLanguage(tag)
    for (const [a, b] of [
      [1012, 1014],
      [1005, 1006],
      [3000, 3003],
    ] as const) {
      const { stdout } = await commandLine(`compare ${a} ${b} --lang ${tag}`)
      const { title, says, differences, common, uses, notes } = compare(
        closeCode(a)!,
        closeCode(b)!,
        language,
      )
      const texts = [
        title,
        ...[...says, ...differences, ...uses].map(({ text }) => text),
        ...common,
        ...notes,
      ]
      for (const text of texts) expect(noBreaks(stdout), tag).toContain(noBreaks(text))
      for (const line of stdout.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(80)
    }
  }
})

test('compare --json prints one document with the comparison and both explanations', async () => {
  const { status, stdout, stderr } = await commandLine('compare 1014 1012 --json --lang pt')
  const language = await loadLanguage('pt')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const document = JSON.parse(stdout)
  expect(document).toMatchObject({
    codes: [1012, 1014],
    language: 'pt',
    ...JSON.parse(JSON.stringify(compare(closeCode(1012)!, closeCode(1014)!, language))),
  })
  expect(document.explained).toEqual(
    JSON.parse(JSON.stringify([explain(1012, language), explain(1014, language)])),
  )
})

test('compare answers wrong use with one message and status 2', async () => {
  const wrong: [string, RegExp][] = [
    ['compare', /missing required argument/],
    ['compare 1012', /missing required argument 'other'/],
    ['compare 1012 1014 1001', /too many arguments/],
    ['compare 1012 1012', /1012 is given twice/],
    ['compare 1012 4001', /4001 is not registered.*`holdfast explain 4001`/],
    ['compare 1012 abc', /'abc' is no close code/],
    ['compare 1012 1014 --lang xx', /language 'xx' is not known/],
  ]
  for (const [line, message] of wrong) {
    const { status, stdout, stderr } = await commandLine(line)
    expect({ status, stdout }, line).toEqual({ status: 2, stdout: '' })
    expect(stderr, line).toMatch(message)
    expect(stderr.trim().split('\n'), line).toHaveLength(1)
  }
})

test('compare colours the advice of each code on a terminal', async () => {
  const { stdout } = await commandLine('compare 1000 1001', { terminal: 80 })
  expect(stdout).toContain('\x1b[33mdo not reconnect\x1b[39m')
  expect(stdout).toContain('\x1b[32mreconnect, 0-5 s, up to 30 s\x1b[39m')
})
