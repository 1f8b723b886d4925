// The dialogue with an authority: RFC 8555, with profiles and, by RFC 9773, the times to renew at. It keeps nothing; the
// store does.
import type { KeyObject } from 'node:crypto'
import type { AcmeOptions, Clock } from '../core/index.ts'
import { AcmeError } from './acme-error.ts'
import { externalBinding, keyAuthorization, type Signer, signedBody } from './jws.ts'
import { certificateRequest } from './requests.ts'
import { type AcmeAnswer, jsonOf, problemOf, retryAfterOf, Transport, wordsOf } from './transport.ts'

export type ChallengeType = 'http-01' | 'tls-alpn-01'

/** What has to be shown to whom the authority sends. */
export interface Challenge {
  type: ChallengeType
  name: string
  token: string
  keyAuthorization: string
}

export interface OrderWish {
  name: string
  key: { privateKey: KeyObject; publicKey: KeyObject }
  challenge: ChallengeType
  /** The certificate that this one is for, as RFC 9773 names it. */
  replaces?: string
  /** Makes the gateway answer the challenge; called before the authority is told to look, and what it resolves to afterwards. */
  show(challenge: Challenge): Promise<() => Promise<void>>
}

export interface RenewalWindow {
  start: number
  end: number
  /** Milliseconds until it is to be asked for again. */
  retryAfterMs?: number
  /** Where the authority says why, if it does. */
  explanation?: string
}

export interface ClientDeps {
  options: Pick<AcmeOptions, 'directory' | 'ca' | 'email' | 'profile' | 'externalAccount'>
  /** The key of the account. */
  key: KeyObject
  /** URL of the account, if it is known. */
  account?: string
  /** The authority has named the account. */
  onAccount(url: string): Promise<void>
  clock: Clock
  version: string
  signal: AbortSignal
}

interface Directory {
  newNonce: string
  newAccount: string
  newOrder: string
  renewalInfo?: string
  profiles?: Record<string, unknown>
}

/** Milliseconds for an authority to look at a challenge, or to sign. */
const pollWithinMs = 90_000
const firstPollMs = 250
const longestPollMs = 5_000
/** RFC 8555 6.5: a nonce may be refused for no fault of the client's; then the answer has another. */
const nonceTries = 5

export class AcmeClient {
  readonly #deps: ClientDeps
  readonly #transport: Transport
  #directory: Directory | undefined
  #nonce: string | undefined
  #signer: Signer

  constructor(deps: ClientDeps) {
    this.#deps = deps
    this.#signer = { key: deps.key, account: deps.account }
    this.#transport = new Transport({
      ca: deps.options.ca,
      userAgent: `holdfast/${deps.version}`,
      clock: deps.clock,
      signal: deps.signal,
    })
  }

  /** Obtains a certificate; resolves to its chain as PEM. Rejects with an {@link AcmeError}. */
  async obtain(wish: OrderWish): Promise<string> {
    await this.#readDirectory()
    const order = await this.#newOrder(wish)
    const { authorizations } = order.body
    for (const url of Array.isArray(authorizations) ? authorizations : [])
      await this.#authorise(this.#url(url), wish)
    // RFC 8555 7.1.6: the order is `ready` once all of its authorisations are valid, which may take a moment.
    const ready = await this.#poll(order.url, (status) => status !== 'pending' && status !== 'processing')
    if (ready.status === 'ready') {
      const csr = certificateRequest([wish.name], wish.key).toString('base64url')
      await this.#post(this.#url(ready.finalize), { csr })
    }
    const done = await this.#poll(order.url, (status) => status === 'valid' || status === 'invalid')
    if (done.status !== 'valid') throw new AcmeError('refused', wordsOf(done.error) || 'the order is invalid')
    return (await this.#post(this.#url(done.certificate), '')).body
  }

  /** When a certificate is to be renewed; undefined when the authority does not say such things. */
  async renewalWindow(id: string): Promise<RenewalWindow | undefined> {
    const { renewalInfo } = await this.#readDirectory()
    if (renewalInfo === undefined) return undefined
    const url = `${renewalInfo.replace(/\/$/, '')}/${id}`
    const answer = await this.#transport.request('GET', url)
    const now = this.#deps.clock.wall()
    if (answer.status !== 200) throw problemOf(answer, url, now)
    const { suggestedWindow, explanationURL } = jsonOf(answer) ?? {}
    const { start, end } = (suggestedWindow ?? {}) as Record<string, unknown>
    const [from, to] = [Date.parse(String(start)), Date.parse(String(end))]
    // RFC 9773 4.2: "A RenewalInfo object in which the end timestamp equals or precedes the start timestamp is invalid."
    if (!(from < to)) throw new AcmeError('unreachable', 'the renewal window of the authority is not valid')
    const explanation = typeof explanationURL === 'string' ? explanationURL.slice(0, 200) : undefined
    return { start: from, end: to, retryAfterMs: retryAfterOf(answer, now), explanation }
  }

  close(): void {
    this.#transport.close()
  }

  async #newOrder(wish: OrderWish): Promise<{ url: string; body: Record<string, unknown> }> {
    const { profile } = this.#deps.options
    const { newOrder, renewalInfo, profiles } = this.#directory!
    if (profile !== undefined && !Object.hasOwn(profiles ?? {}, profile)) {
      const known = Object.keys(profiles ?? {}).join(', ') || 'none'
      throw new AcmeError('refused', `the authority has no profile '${profile}'; it has: ${known}`)
    }
    const ask = {
      identifiers: [{ type: 'dns', value: wish.name }],
      ...(profile !== undefined && { profile }),
    }
    // RFC 9773 5: only where the authority knows of it.
    const replaces = renewalInfo === undefined ? undefined : wish.replaces
    const answer = await this.#asAccount(newOrder, { ...ask, ...(replaces && { replaces }) }).catch(
      (error) => {
        // RFC 9773 7.4 has 409 alreadyReplaced; whatever the reason, a certificate without the hint is better than none.
        if (replaces === undefined || !wrongReplaces(error)) throw error
        return this.#asAccount(newOrder, ask)
      },
    )
    return { url: this.#url(answer.headers.location), body: jsonOf(answer) ?? {} }
  }

  async #authorise(url: string, wish: OrderWish): Promise<void> {
    const { status, challenges, identifier } = jsonOf(await this.#post(url, '')) ?? {}
    if (status === 'valid') return
    const offered = (Array.isArray(challenges) ? challenges : []) as Record<string, unknown>[]
    const chosen = offered.find(({ type }) => type === wish.challenge)
    if (!chosen || typeof chosen.token !== 'string' || !/^[\w-]{1,256}$/.test(chosen.token)) {
      const types = offered.map(({ type }) => String(type)).join(', ') || 'none'
      throw new AcmeError(
        'challenge',
        `the authority offers no ${wish.challenge} for ${wish.name}, but ${types}`,
      )
    }
    const answer = keyAuthorization(chosen.token, this.#deps.key)
    const name = String((identifier as Record<string, unknown> | undefined)?.value ?? wish.name)
    const undo = await wish.show({
      type: wish.challenge,
      name,
      token: chosen.token,
      keyAuthorization: answer,
    })
    try {
      await this.#post(this.#url(chosen.url), {})
      const done = await this.#poll(url, (now) => now !== 'pending' && now !== 'processing')
      if (done.status === 'valid') return
      const failed = (Array.isArray(done.challenges) ? done.challenges : []).find(({ error }) => error)
      const words = wordsOf(failed?.error) || `the authorisation is ${String(done.status)}`
      throw new AcmeError('challenge', `${wish.challenge} for ${wish.name}: ${words}`)
    } finally {
      await undo()
    }
  }

  /** Asks for a thing that an authority works at, until it is done. */
  async #poll(url: string, done: (status: unknown) => boolean): Promise<Record<string, unknown>> {
    const { clock } = this.#deps
    const until = clock.now() + pollWithinMs
    for (let wait = firstPollMs; ; wait = Math.min(wait * 2, longestPollMs)) {
      const answer = await this.#post(url, '')
      const body = jsonOf(answer) ?? {}
      if (done(body.status)) return body
      const pause = Math.min(retryAfterOf(answer, clock.wall()) ?? wait, 4 * longestPollMs)
      if (clock.now() + pause > until)
        throw new AcmeError('unreachable', `the authority is not done in ${pollWithinMs / 1000} s`)
      await this.#pause(pause)
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#deps
    return new Promise((resolve, reject) => {
      const stop = () => {
        clock.clearTimeout(timer)
        reject(new AcmeError('unreachable', 'ended'))
      }
      const timer = clock.setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, ms)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** A request that the account makes; one that the authority knows no more is made again, with the same key. */
  async #asAccount(url: string, payload: object): Promise<AcmeAnswer> {
    if (this.#signer.account === undefined) await this.#register()
    try {
      return await this.#post(url, payload)
    } catch (error) {
      if (!(error instanceof AcmeError) || error.type !== 'accountDoesNotExist') throw error
      await this.#register()
      return this.#post(url, payload)
    }
  }

  /** RFC 8555 7.3: a key that has an account gets that one. */
  async #register(): Promise<void> {
    const { email, externalAccount } = this.#deps.options
    const { newAccount } = this.#directory!
    this.#signer = { key: this.#deps.key }
    const binding = externalAccount && externalBinding(externalAccount, newAccount, this.#deps.key)
    const answer = await this.#post(newAccount, {
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
      ...(binding && { externalAccountBinding: binding }),
    })
    const account = this.#url(answer.headers.location)
    this.#signer = { key: this.#deps.key, account }
    await this.#deps.onAccount(account)
  }

  async #post(url: string, payload: object | ''): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonce ?? (await this.#newNonce())
      this.#nonce = undefined
      const answer = await this.#transport.request('POST', url, signedBody(this.#signer, url, nonce, payload))
      this.#keepNonce(answer)
      if (answer.status >= 200 && answer.status < 300) return answer
      const problem = problemOf(answer, url, this.#deps.clock.wall())
      // RFC 8555 6.5: "the client SHOULD retry the request using the new nonce".
      if (problem.type !== 'badNonce' || tries === nonceTries) throw problem
    }
  }

  async #newNonce(): Promise<string> {
    const url = this.#directory!.newNonce
    const answer = await this.#transport.request('HEAD', url)
    this.#keepNonce(answer)
    if (this.#nonce !== undefined) return this.#nonce
    throw problemOf(answer, url, this.#deps.clock.wall())
  }

  #keepNonce({ headers }: AcmeAnswer): void {
    const nonce = headers['replay-nonce']
    // RFC 8555 6.5.1: the base64url alphabet.
    if (typeof nonce === 'string' && /^[\w-]+$/.test(nonce)) this.#nonce = nonce
  }

  async #readDirectory(): Promise<Directory> {
    if (this.#directory) return this.#directory
    const url = this.#deps.options.directory
    const answer = await this.#transport.request('GET', url)
    if (answer.status !== 200) throw problemOf(answer, url, this.#deps.clock.wall())
    const found = jsonOf(answer)
    if (!found?.newNonce || !found.newAccount || !found.newOrder)
      throw new AcmeError('unreachable', `${url} is no directory of an authority (RFC 8555 7.1.1)`)
    const { profiles } = (found.meta ?? {}) as Record<string, unknown>
    this.#directory = {
      newNonce: this.#url(found.newNonce),
      newAccount: this.#url(found.newAccount),
      newOrder: this.#url(found.newOrder),
      ...(found.renewalInfo !== undefined && { renewalInfo: this.#url(found.renewalInfo) }),
      ...(typeof profiles === 'object' &&
        profiles !== null && { profiles: profiles as Record<string, unknown> }),
    }
    return this.#directory
  }

  /** A URL that the authority gave. RFC 8555 6.1: all are HTTPS. */
  #url(value: unknown): string {
    if (typeof value === 'string' && value.startsWith('https://') && URL.canParse(value)) return value
    throw new AcmeError('unreachable', 'the authority gave no URL where there should be one')
  }
}

function wrongReplaces(error: unknown): boolean {
  if (!(error instanceof AcmeError) || error.failure !== 'refused') return false
  return error.type === 'alreadyReplaced' || error.type === 'malformed' || error.type === 'conflict'
}
