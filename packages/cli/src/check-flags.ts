// What the parts of `holdfast check` share.
import * as doctor from '@holdfast/doctor'
import { Failure } from './output.ts'

export interface CheckFlags {
  upstream?: string
  protocol?: string[]
  header?: string[]
  timeout?: string
  idle?: string
  proxyConfig?: string
  kind?: string
  hold?: boolean
  restart?: string
  clients?: string
  message?: string
  grace?: string
  start?: string
  json?: boolean
}

/** A finding with its words, for readers of JSON. */
export function withWords(finding: doctor.Finding) {
  return { ...finding, title: doctor.title(finding), why: doctor.why(finding), fix: doctor.fix(finding) }
}

/** Reads `Name: value`. */
export function readHeader(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  throw new Failure(
    2,
    `--header '${text}' is not a header; write it like 'Origin: https://example.com'`,
    'wrong_use',
  )
}
