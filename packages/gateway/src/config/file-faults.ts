// What is wrong with a file that a configuration names, in words.
import { isUtf8 } from 'node:buffer'
import { Wrong } from './errors.ts'
import type { Place } from './yaml-faults.ts'

export const tooLarge = new Wrong('is larger than 1 MiB')
const notRegular = new Wrong('is not a regular file', 'name a file, not a pipe or a device')

const reasons: Record<string, Wrong> = {
  ENOENT: new Wrong('does not exist', 'check the path'),
  ENOTDIR: new Wrong('does not exist', 'check the path'),
  EACCES: new Wrong('may not be read', 'give the user that runs holdfast permission to read it'),
  EPERM: new Wrong('may not be read', 'give the user that runs holdfast permission to read it'),
  EISDIR: new Wrong('is a directory', 'name a file in it'),
  EFBIG: tooLarge,
  ENOTREG: notRegular,
  ENXIO: notRegular,
  ETIMEDOUT: new Wrong('could not be read in time', 'put it on a local disk'),
}

/** What the error of a file's reading means. */
export function fileWrong(error: unknown): Wrong {
  const code = String((error as { code?: unknown } | null)?.code ?? 'unknown reason')
  return reasons[code] ?? new Wrong(`cannot be read (${code})`)
}

/** Where a file's bytes are no UTF-8 (RFC 3629); undefined when they are. */
export function notUtf8(bytes: Buffer): { place: Place; wrong: Wrong } | undefined {
  if (isUtf8(bytes)) return undefined
  // A line feed is never part of a longer character, so the lines can be looked at one by one.
  const rows = bytes.toString('latin1').split('\n')
  const line = rows.findIndex((row) => !isUtf8(Buffer.from(row, 'latin1'))) + 1
  return { place: { line, column: 1 }, wrong: new Wrong('is not valid UTF-8', 'save it as UTF-8') }
}
