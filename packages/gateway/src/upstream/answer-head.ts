// In: what an upstream says first, in pieces of any size. Out: all of it, as soon as it can be read. Next: dial.ts.
import { Bytes } from '../core/index.ts'

const switching = Buffer.from('HTTP/1.1 101 ')

/**
 * The beginning of an answer. A switch of protocols is read whole, however it came: Node's HTTP client, which could read
 * it in pieces, sees none where a tab stands behind `Upgrade` in `Connection` (RFC 9110 5.6.3 allows it).
 */
export class AnswerHead {
  readonly #gathered = new Bytes()
  readonly #most: number
  /** Bytes in which no empty line begins. */
  #searched = 0

  /** `most`: bytes after which it is given back as it is. */
  constructor(most: number) {
    this.#most = most
  }

  /** All that has come; undefined while it may become a 101 and has no end. */
  add(piece: Buffer): Buffer | undefined {
    this.#gathered.append(piece)
    const bytes = this.#gathered.all
    const begun = Math.min(bytes.length, switching.length)
    if (bytes.compare(switching, 0, begun, 0, begun) !== 0 || bytes.length > this.#most) return bytes
    if (bytes.includes('\n\r\n', this.#searched) || bytes.includes('\n\n', this.#searched)) return bytes
    this.#searched = Math.max(0, bytes.length - 2)
    return undefined
  }
}
