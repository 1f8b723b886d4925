import { fill, type Language, listOf } from '@holdfast/close-codes/languages'
import { type PrivateCodes, privateCodes } from '@holdfast/close-codes/private-codes'
import { closest } from 'fastest-levenshtein'
import { Failure } from './output.ts'

/** Reads the name of an ecosystem, in any case: its id, or the name that it has itself. */
export function readEcosystem(input: string, language: Language): PrivateCodes {
  const wanted = input.toLowerCase()
  const found = privateCodes.find(({ id, ecosystem }) => id === wanted || ecosystem.toLowerCase() === wanted)
  if (found) return found
  const ids = privateCodes.map(({ id }) => id)
  const words = { input, nearest: closest(wanted, ids), list: listOf(ids, language) }
  throw new Failure(2, fill(language.command.unknownEcosystem, words), 'unknown_ecosystem')
}
