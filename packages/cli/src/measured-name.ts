import { fill, type Language } from '@holdfast/close-codes/languages'
import { closest } from 'fastest-levenshtein'
import { Failure } from './output.ts'

/** A name without its version: `nginx` of `nginx 1.22.1`. */
const bare = (name: string) => name.split(' ', 1)[0]!.toLowerCase()

/**
 * The rows that a name on the command line means, in any case: those that are called so, else those that have it in their
 * names; all without one. Fails with the nearest name where there is none.
 */
export function namedRows<Row>(
  rows: readonly Row[],
  input: string | undefined,
  namesOf: (row: Row) => readonly string[],
  command: 'servers' | 'proxies' | 'clients',
  { measured }: Language,
): readonly Row[] {
  if (input === undefined) return rows
  const wanted = input.trim().toLowerCase()
  const names = rows.map((row) => ({ row, names: namesOf(row).map((name) => name.toLowerCase()) }))
  const some = wanted !== ''
  const exact = names.filter(
    (one) => some && one.names.some((name) => name === wanted || bare(name) === wanted),
  )
  const found =
    exact.length > 0 ? exact : names.filter((one) => some && one.names.some((name) => name.includes(wanted)))
  if (found.length > 0) return found.map(({ row }) => row)
  const nearest = closest(wanted, [...new Set(names.map((one) => bare(one.names[0]!)))])
  const words = { input, nearest, command: `\`holdfast ${command}\`` }
  throw new Failure(2, fill(measured.unknownName, words), 'unknown_name')
}
