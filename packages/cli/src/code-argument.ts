import { type CloseCode, closeCode, rangeOf, ranges } from '@holdfast/close-codes'
import { fill, type Language } from '@holdfast/close-codes/languages'
import { Failure } from './output.ts'

/** Reads a close code from the command line: a whole number in one of the ranges of RFC 6455. */
export function readCode(input: string, { command }: Language): number {
  const n = /^(0|[1-9]\d{0,4})$/.test(input) ? Number(input) : Number.NaN
  if (rangeOf(n)) return n
  const limits = { from: ranges[0]?.from ?? 0, to: ranges.at(-1)?.to ?? 0 }
  throw new Failure(2, fill(command.notACode, { input, ...limits }), 'not_a_code')
}

/** Reads a registered close code. */
export function readRegistered(input: string, language: Language): CloseCode {
  const n = readCode(input, language)
  const row = closeCode(n)
  if (row) return row
  const words = { input: n, command: `\`holdfast explain ${n}\`` }
  throw new Failure(2, fill(language.command.notComparable, words), 'not_registered')
}
