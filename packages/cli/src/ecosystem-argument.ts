import { fill, type Language } from '@holdfast/close-codes/languages'
import { type PrivateCodes, privateCodes } from '@holdfast/close-codes/private-codes'
import { closest } from 'fastest-levenshtein'
import { Failure } from './output.ts'

/** Reads the name of an ecosystem, in any case: its id, or the name that it has itself. */
export function readEcosystem(input: string, { command }: Language): PrivateCodes {
  const wanted = input.toLowerCase()
  const found = privateCodes.find(({ id, ecosystem }) => id === wanted || ecosystem.toLowerCase() === wanted)
  if (found) return found
  const ids = privateCodes.map(({ id }) => id)
  const parts = [
    fill(command.unknownEcosystem, { input }),
    fill(command.didYouMean, { nearest: closest(wanted, ids) }),
    fill(command.known, { list: ids.join(', ') }),
  ]
  throw new Failure(2, parts.join('; '), 'unknown_ecosystem')
}
