// What a client comes back with: made, and known again by its hash. PROTOCOL.md, section 7.
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'

export interface Token {
  token: string
  hash: string
}

/** A new token: a hint at who keeps the session, in clear, and 256 random bits. */
export function newToken(hint: string): Token {
  const token = `${hint}-${randomBytes(32).toString('base64url')}`
  return { token, hash: hashOf(token) }
}

/** Who keeps the session of a token, by what it says in clear: a worker, and in a fleet the node. It need not be true. */
export function readHint(token: string): { worker: string; node?: string } | undefined {
  const [, worker, node] =
    /^(\d{1,12})-(?:([A-Za-z0-9_-]{12})-)?(?:[A-Za-z0-9_-]{16}-[0-9a-z]{1,10}-)?[A-Za-z0-9_-]{43}$/.exec(
      token,
    ) ?? []
  return worker === undefined ? undefined : { worker, ...(node !== undefined && { node }) }
}

/**
 * A hash is looked up in place of the token, so that how long that takes says nothing about the token. The hint is no part of it in a
 * series: another worker or node that gives the same token puts its own in front.
 */
export function hashOf(token: string): string {
  const its = readSeriesToken(token)
  const hashed = its ? `${its.id}-${its.number}-${its.secret}` : token
  return hash('sha256', hashed, 'base64url')
}

/** A token of a series, in its parts. */
export interface SeriesToken {
  /** Of the session, in clear: by it other nodes of a fleet find who keeps the session. */
  id: string
  number: number
  secret: string
}

/** Undefined: it is of no series. */
export function readSeriesToken(token: string): SeriesToken | undefined {
  const [, id, number, secret] =
    /^\d{1,12}-(?:[A-Za-z0-9_-]{12}-)?([A-Za-z0-9_-]{16})-([0-9a-z]{1,10})-([A-Za-z0-9_-]{43})$/.exec(
      token,
    ) ?? []
  if (id === undefined || number === undefined || secret === undefined) return undefined
  return { id, number: Number.parseInt(number, 36), secret }
}

/**
 * The tokens of a session that other nodes can go on with: each is made of a key of the session, so that whoever has that knows the
 * next one, too.
 */
export class TokenSeries {
  readonly id: string
  readonly #key: Buffer
  /** Of the last that was given. */
  #number: number

  constructor(id: string, key: Buffer, number = 0) {
    this.id = id
    this.#key = key
    this.#number = number
  }

  get number(): number {
    return this.#number
  }

  /** As Base64url: whoever has it can make every token. */
  get key(): string {
    return this.#key.toString('base64url')
  }

  next(hint: string): Token {
    const number = ++this.#number
    const secret = this.#secretOf(number).toString('base64url')
    const token = `${hint}-${this.id}-${number.toString(36)}-${secret}`
    return { token, hash: hashOf(token) }
  }

  /** Whether it has made this one, or would. */
  has({ id, number, secret }: SeriesToken): boolean {
    const given = Buffer.from(secret, 'base64url')
    const own = this.#secretOf(number)
    return id === this.id && given.length === own.length && timingSafeEqual(given, own)
  }

  #secretOf(number: number): Buffer {
    return createHmac('sha256', this.#key).update(`${this.id} ${number}`).digest()
  }
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
  readonly #series: TokenSeries | undefined

  constructor(known: string, sent?: Token, series?: TokenSeries) {
    this.#known = known
    this.#sent = sent
    this.#series = series
  }

  get hashes(): string[] {
    return this.#sent ? [this.#known, this.#sent.hash] : [this.#known]
  }

  /** The client comes back with the token of this hash, and shall have the result. */
  exchange(hash: string, hint: string): Token {
    // It has the one that may have been lost: nobody needs the one before any more.
    if (hash === this.#sent?.hash) this.confirm()
    this.#sent ??= this.#series?.next(hint) ?? newToken(hint)
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

  static unpack({ known, sent }: { known: string; sent?: string }, series?: TokenSeries): SessionTokens {
    const token = sent === undefined ? undefined : { token: sent, hash: hashOf(sent) }
    return new SessionTokens(known, token, series)
  }
}
