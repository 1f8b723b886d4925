// The authority as one configuration talks to it: with the account of its folder, and what comes of it in that folder.
import type { X509Certificate } from 'node:crypto'
import type { AcmeOptions, Clock } from '../core/index.ts'
import { AcmeClient, type Challenge, type ChallengeType, type RenewalWindow } from './client.ts'
import { certificateId, newKey } from './requests.ts'
import type { AcmeStore, Kept } from './store.ts'

export interface AuthorityDeps {
  options: AcmeOptions
  store: AcmeStore
  clock: Clock
  /** Of this program. */
  version: string
  /** Ends what is under way. */
  signal: AbortSignal
}

export class Authority {
  readonly #deps: AuthorityDeps

  constructor(deps: AuthorityDeps) {
    this.#deps = deps
  }

  /** When it wants this certificate to be renewed; undefined: it does not say. Source: RFC 9773 4. */
  async renewalWindow(certificate: X509Certificate | undefined): Promise<RenewalWindow | undefined> {
    const id = certificate && certificateId(certificate)
    if (id === undefined) return undefined
    return this.#with((client) => client.renewalWindow(id))
  }

  /** A certificate for this name, which is in the folder when it resolves. `show`: has the challenge answered. */
  async obtain(
    name: string,
    challenge: ChallengeType,
    before: X509Certificate | undefined,
    show: (challenge: Challenge) => Promise<() => Promise<void>>,
  ): Promise<Kept> {
    return this.#with(async (client) => {
      const key = newKey()
      const replaces = before && certificateId(before)
      const chain = await client.obtain({ name, key, challenge, replaces, show })
      return await this.#deps.store.saveCertificate(name, chain, key.privateKey)
    })
  }

  async #with<T>(talk: (client: AcmeClient) => Promise<T>): Promise<T> {
    const { store, ...rest } = this.#deps
    const { key, url } = await store.account()
    const onAccount = (account: string) => store.saveAccount(key, account)
    const client = new AcmeClient({ ...rest, key, account: url, onAccount })
    try {
      return await talk(client)
    } finally {
      client.close()
    }
  }
}
