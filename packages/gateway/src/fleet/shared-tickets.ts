// The keys of TLS session tickets, the same on all nodes: a client resumes its TLS session wherever it lands. In the store they are
// sealed; any node that finds them too old puts new ones there.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { Seal } from './seal.ts'
import { fleetKey, type Reply, type Script } from './store.ts'
import { ticketScript } from './ticket-script.ts'

/** What Node wants: 16 bytes each for the name, for HMAC and for AES. */
const keyBytes = 48
/** Milliseconds by the store's clock until the next keys. Those of before end then: Node has one set at a time. */
export const sharedKeysForMs = 24 * 3_600_000
const purpose = 'tls ticket keys'

export interface SharedTicketsDeps {
  fleet: string
  secrets: readonly string[]
  call: (script: Script, keys: string[], args: (string | number)[]) => Promise<Reply>
  /** Base64. */
  onKeys: (keys: string) => void
  log: Logger
}

export class SharedTickets {
  readonly #deps: SharedTicketsDeps
  readonly #seal: Seal
  /** Of the keys that were taken over, or cannot be read. */
  #version: string | undefined

  constructor(deps: SharedTicketsDeps) {
    this.#deps = deps
    this.#seal = new Seal(deps.fleet, deps.secrets)
  }

  /** The next look takes the keys over again: this gateway may have had some of its own meanwhile. */
  forget(): void {
    this.#version = undefined
  }

  /** The store has keys of this version and age, or none. */
  async follow(version: string, ageMs: number): Promise<void> {
    const isDue = version === '' || ageMs >= sharedKeysForMs
    if (!isDue && version === this.#version) return
    const { call, fleet, onKeys, log } = this.#deps
    const proposed = isDue ? this.#seal.seal(purpose, randomBytes(keyBytes)) : ''
    const reply = (await call(ticketScript, [fleetKey(fleet, 'tickets')], [version, proposed])) as string[]
    const [current = '', sealed = ''] = reply
    this.#version = current
    const keys = this.#seal.open(purpose, sealed)
    if (keys?.length === keyBytes) onKeys(keys.toString('base64'))
    else
      log.error(
        { fleet },
        'the fleet has TLS ticket keys of another secret: give all nodes the same fleet.secret',
      )
  }
}
