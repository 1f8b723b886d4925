import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Block, layOut, sheetOf } from '../src/layout.ts'
import { type Io, painter } from '../src/output.ts'
import { textWidth } from '../src/text-width.ts'

const stream = { write: () => {} }
const plain = painter({ stdout: stream, stderr: stream, env: {} })
const sheet = (width: number) => ({ width, paint: plain })

const widthFor = (columns: number | undefined, env: Io['env'] = {}) =>
  sheetOf({ stdout: { ...stream, columns } as Io['stdout'], stderr: stream, env }).width

test('a page has its heading directly above its text, and empty lines between parts', () => {
  const page: Block[] = [
    { is: 'title', text: '1012 Service Restart', aside: { text: 'come back', colour: 'green' } },
    { is: 'heading', text: 'Causes' },
    { is: 'items', items: ['a deploy or a rolling update', 'a reload'] },
    { is: 'heading', text: 'How to fix it' },
    { is: 'steps', items: ['wait'] },
    { is: 'paragraph', text: 'The end.' },
  ]
  expect(layOut(page, sheet(32))).toBe(
    [
      '1012 Service Restart  come back',
      '',
      'Causes',
      '  - a deploy or a rolling update',
      '  - a reload',
      '',
      'How to fix it',
      '  1. wait',
      '',
      '  The end.',
      '',
    ].join('\n'),
  )
})

test('labels of any width stand in one column, their texts in another', () => {
  const fields = [
    { label: 'Sent by', text: 'the server or a gateway' },
    { label: '送信者', text: 'サーバーとゲートウェイ' },
  ]
  expect(layOut([{ is: 'fields', fields }], sheet(27))).toBe(
    [
      '  Sent by  the server or a',
      '           gateway',
      '  送信者   サーバーとゲート',
      '           ウェイ',
      '',
    ].join('\n'),
  )
})

test('where labels leave no room, their texts stand below', () => {
  const fields = [{ label: 'Registered advice', text: 'none at all' }]
  expect(layOut([{ is: 'fields', fields }], sheet(20))).toBe('  Registered advice\n    none at all\n')
})

test('an entry has its remark beside its name, or below where that is too long', () => {
  const entries = [
    { label: '1000', name: 'Normal', aside: { text: 'stay away', colour: 'yellow' as const }, text: 'Done.' },
    { label: '1001', name: 'Away', aside: { text: 'come back', colour: 'green' as const }, text: 'Gone.' },
  ]
  expect(layOut([{ is: 'entries', entries }], sheet(40))).toBe(
    ['  1000  Normal  stay away', '        Done.', '  1001  Away    come back', '        Gone.', ''].join(
      '\n',
    ),
  )
  expect(layOut([{ is: 'entries', entries: entries.slice(0, 1) }], sheet(20))).toBe(
    ['  1000  Normal', '        stay away', '        Done.', ''].join('\n'),
  )
})

test('no line of any page is wider than the sheet, unless one word is', () => {
  const words = fc.array(fc.constantFrom('close', '1012', '再接続', '。', 'gateway', '5-30 s'), {
    minLength: 1,
  })
  const text = words.map((all) => all.join(' '))
  const block = fc.oneof<fc.Arbitrary<Block>[]>(
    text.map((it) => ({ is: 'paragraph', text: it })),
    fc.array(text, { minLength: 1 }).map((items) => ({ is: 'items', items })),
    fc.array(text, { minLength: 1 }).map((items) => ({ is: 'steps', items })),
    fc
      .array(fc.record({ label: fc.constantFrom('Sent by', '送信者', 'On'), text }), { minLength: 1 })
      .map((fields) => ({ is: 'fields', fields })),
  )
  fc.assert(
    fc.property(
      fc.array(block, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 24, max: 100 }),
      (page, width) => {
        for (const line of layOut(page, sheet(width)).split('\n'))
          expect(textWidth(line), line).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test('a sheet is as wide as the terminal, else as COLUMNS says, else 80, and never absurd', () => {
  expect(widthFor(72)).toBe(72)
  expect(widthFor(undefined)).toBe(80)
  expect(widthFor(undefined, { COLUMNS: '60' })).toBe(60)
  expect(widthFor(72, { COLUMNS: '60' })).toBe(72)
  expect(widthFor(undefined, { COLUMNS: 'wide' })).toBe(80)
  expect(widthFor(undefined, { COLUMNS: '-5' })).toBe(20)
  expect(widthFor(3)).toBe(20)
  expect(widthFor(400)).toBe(100)
})
