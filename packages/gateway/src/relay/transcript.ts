// How two nodes of a fleet know each other: each line has a code (HMAC, RFC 2104) over all lines so far, with a key from the secret of
// the fleet. Both nonces and both ids are in them, so that no line means anything on another connection or in another place of this one.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 in base64url. */
const codeLength = 43

/** The key of a secret: of no use for anything else, nor in another fleet. */
export function relayKey(fleet: string, secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, fleet, 'holdfast fleet relay', 32))
}

export class Transcript {
  readonly #key: Buffer
  #said: string

  /** `channel`: what is known to both ends of this connection alone; none without TLS. */
  constructor(key: Buffer, channel: Buffer) {
    this.#key = key
    this.#said = `holdfast relay ${channel.toString('base64url')}`
  }

  /** The next line of the dialogue, to be sent. */
  write(words: object): string {
    const text = JSON.stringify(words)
    this.#said += `\n${text}`
    return `${this.#code(this.#said)} ${text}\n`
  }

  /** The next line of the dialogue, as it was received. False: nobody who has the secret wrote it here. */
  accepts(line: Line): boolean {
    const said = `${this.#said}\n${line.text}`
    if (!timingSafeEqual(Buffer.from(this.#code(said)), Buffer.from(line.code))) return false
    this.#said = said
    return true
  }

  #code(said: string): string {
    return createHmac('sha256', this.#key).update(said).digest('base64url')
  }
}

/** A line that may be one of such a dialogue. */
export interface Line {
  code: string
  text: string
  /** What is in it; nothing of that is true before it was accepted. */
  words: Record<string, unknown>
}

/** Undefined: it is none. */
export function readLine(written: string): Line | undefined {
  const code = written.slice(0, codeLength)
  const text = written.slice(codeLength + 1)
  if (!/^[A-Za-z0-9_-]{43}$/.test(code) || written[codeLength] !== ' ') return undefined
  try {
    const words: unknown = JSON.parse(text)
    if (typeof words !== 'object' || words === null || Array.isArray(words)) return undefined
    return { code, text, words: words as Line['words'] }
  } catch {
    return undefined
  }
}
