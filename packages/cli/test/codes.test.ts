import { closeCodes, ranges } from '@holdfast/close-codes'
import { codesOf } from '@holdfast/close-codes/explain'
import { languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import { privateCodes } from '@holdfast/close-codes/private-codes'
import { expect, test } from 'vitest'
import { textWidth } from '../src/text-width.ts'
import { commandLine } from './command-line.ts'

const noBreaks = (text: string) => text.replace(/\s+/g, '')

test('codes lists all 19 with name, meaning and advice, the ranges and the ecosystems', async () => {
  for (const tag of languageTags) {
    const language = await loadLanguage(tag)
    const { status, stdout } = await commandLine(`codes --lang ${tag}`)
    expect(status).toBe(0)
    for (const { code, id, name } of closeCodes) {
      expect(stdout).toMatch(new RegExp(`^ {2}${code} {2}${name} `, 'm'))
      expect(noBreaks(stdout)).toContain(noBreaks(language.codes[id].meaning))
    }
    for (const { id, from, to } of ranges) {
      expect(stdout).toContain(`${from}-${to}`)
      expect(noBreaks(stdout)).toContain(noBreaks(language.ranges[id]))
    }
    for (const { id } of privateCodes) expect(stdout).toContain(id)
    for (const line of stdout.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(80)
  }
})

test('codes --private lists the codes of each ecosystem with their meanings, by id or by name', async () => {
  const language = await loadLanguage('de')
  for (const row of privateCodes) {
    const { status, stdout } = await commandLine(`codes --private ${row.id} --lang de`)
    expect(status).toBe(0)
    expect(stdout.startsWith(`${row.ecosystem}\n`)).toBe(true)
    for (const { code, name, meaning } of codesOf(row, language)) {
      expect(stdout).toMatch(new RegExp(`^ {2}${code} {2}`, 'm'))
      expect(noBreaks(stdout)).toContain(noBreaks(name))
      if (meaning) expect(noBreaks(stdout)).toContain(noBreaks(meaning))
    }
    for (const url of row.sources) expect(stdout).toContain(`  ${url}\n`)
  }
  expect((await commandLine('codes --private SockJS')).stdout).toMatch(/^SockJS\n/)
  expect((await commandLine('codes --private DISCORD')).stdout).toMatch(/^Discord Gateway\n/)
})

test('codes --private suggests the nearest name for one that is not known', async () => {
  const { status, stdout, stderr } = await commandLine('codes --private discrod')
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(
    /^holdfast: no ecosystem 'discrod' is known; did you mean 'discord'\? Known: graphql-ws, .*\n$/,
  )
})

test('codes --json prints one document, of all codes or of one ecosystem', async () => {
  const all = await commandLine('codes --json --lang fr')
  const document = JSON.parse(all.stdout)
  expect(document.language).toBe('fr')
  expect(document.codes.map(({ code }: { code: number }) => code)).toEqual(closeCodes.map(({ code }) => code))
  expect(document.codes[12]).toMatchObject({
    name: 'Service Restart',
    meaning: expect.stringContaining('redémarre'),
  })
  expect(document.ranges).toHaveLength(4)
  expect(document.ecosystems).toHaveLength(21)
  const one = JSON.parse((await commandLine('codes --private discord --json')).stdout)
  expect(one).toMatchObject({ id: 'discord', ecosystem: 'Discord Gateway', note: expect.any(String) })
  expect(one.codes).toHaveLength(14)
})

test('codes answers wrong use with one message and status 2', async () => {
  for (const line of ['codes --private', 'codes 1012', 'codes --lang xx', 'codes --privat discord']) {
    const { status, stdout, stderr } = await commandLine(line)
    expect({ status, stdout }, line).toEqual({ status: 2, stdout: '' })
    expect(stderr.trim().split('\n'), line).toHaveLength(1)
  }
})
