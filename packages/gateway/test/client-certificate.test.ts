import { X509Certificate } from 'node:crypto'
import { type IssueOptions, selfSigned } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { subjectText } from '../src/listen/client-certificate.ts'

const textOf = (subject: IssueOptions['subject']) =>
  subjectText(new X509Certificate(selfSigned({ subject }).cert).subject)

test.each([
  [
    [
      ['C', 'DE'],
      ['O', 'Example'],
      ['CN', 'alice'],
    ],
    'CN=alice,O=Example,C=DE',
  ],
  [[['CN', 'Doe, Jane + "x"']], 'CN=Doe\\, Jane \\+ \\"x\\"'],
  [[['CN', 'a\r\nX-User: admin']], 'CN=a\\0D\\0AX-User: admin'],
  [[['CN', 'Zoë']], 'CN=Zo\\C3\\AB'],
  [[['CN', 'x\nO=Admins']], 'CN=x\\0AO=Admins'],
] as [IssueOptions['subject'], string][])('%j is %s', (subject, text) => {
  expect(textOf(subject)).toBe(text)
})

test('whatever the subject is, it is one line of ASCII, and no other attribute comes in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (name) => {
      const text = textOf([['CN', name]])
      expect(text).toMatch(/^CN=[ -~]*$/)
      expect(text.replace(/\\./g, '')).not.toMatch(/[,+]/)
    }),
    { numRuns: 60 },
  )
})
