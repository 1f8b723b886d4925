// What a client comes back with: made, and known again by its hash. PROTOCOL.md, section 7.
import { createHash, randomBytes } from 'node:crypto'

export interface Token {
  token: string
  hash: string
}

/** A new token: a hint at who keeps the session, in clear, and 256 random bits. */
export function newToken(hint: string): Token {
  const token = `${hint}-${randomBytes(32).toString('base64url')}`
  return { token, hash: hashOf(token) }
}

/** A hash is looked up in place of the token, so that how long that takes says nothing about the token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/**
 * The tokens that open a session: the one that its client is known to have, and the one of a `welcome` that may have been
 * lost.
 */
export class SessionTokens {
  /** Hash of the token that the client is known to have. */
  #known: string
  /** What it was sent since; whole, because it is sent again to a client that comes back without it. */
  #sent: Token | undefined

  constructor(known: string, sent?: Token) {
    this.#known = known
    this.#sent = sent
  }

  get hashes(): string[] {
    return this.#sent ? [this.#known, this.#sent.hash] : [this.#known]
  }

  /** The client comes back with the token of this hash, and shall have the result. */
  exchange(hash: string, hint: string): Token {
    // It has the one that may have been lost: nobody needs the one before any more.
    if (hash === this.#sent?.hash) this.confirm()
    this.#sent ??= newToken(hint)
    return this.#sent
  }

  /** The client has used what it was sent last. */
  confirm(): void {
    if (!this.#sent) return
    this.#known = this.#sent.hash
    this.#sent = undefined
  }

  pack(): { known: string; sent?: string } {
    return { known: this.#known, sent: this.#sent?.token }
  }

  static unpack({ known, sent }: { known: string; sent?: string }): SessionTokens {
    return new SessionTokens(known, sent === undefined ? undefined : { token: sent, hash: hashOf(sent) })
  }
}
