import { type Advice, adviceFor } from './advice.ts'
import { type CodeId, code, type RegisteredCode } from './code.ts'
import type { Facts } from './fact-types.ts'
import { facts } from './facts.ts'
import { browserMaySend, mayTravel } from './sendable.ts'

/** The facts about one registered close code. Its words, by language, are in `@holdfast/close-codes/text/en`. */
export interface CloseCode extends Facts {
  /** Close code, such as 1012. */
  readonly code: RegisteredCode
  /** The key of this code in {@link code} and in the texts: 'serviceRestart'. */
  readonly id: CodeId
  /** Whether it may stand in a Close frame on the wire. */
  readonly travels: boolean
  /** Whether a script in a browser may pass it to `WebSocket.close()`. */
  readonly browserMaySend: boolean
  /** What a client does after it. */
  readonly advice: Advice
}

/** The 19 registered close codes, by number ascending. */
export const closeCodes: readonly CloseCode[] = (Object.keys(code) as CodeId[])
  .map(
    (id): CloseCode => ({
      ...facts[id],
      code: code[id],
      id,
      travels: mayTravel(code[id]),
      browserMaySend: browserMaySend(code[id]),
      advice: adviceFor(code[id]),
    }),
  )
  .sort((a, b) => a.code - b.code)

const byNumber = new Map<number, CloseCode>(closeCodes.map((row) => [row.code, row]))

/** Finds the facts about a registered code; undefined for any other number, for which {@link rangeOf} speaks. */
export function closeCode(n: number): CloseCode | undefined {
  return byNumber.get(n)
}
