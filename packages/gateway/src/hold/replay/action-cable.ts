// Action Cable (protocol actioncable-v1-json of Rails): every subscription is subscribed to again. The client does not
// see the second welcome, which would make it do the same, nor the second confirmations.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { lettingGo, unread } from './let-go.ts'
import { mentions, parseObject, sizeOf, text } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'

export const actionCable: ReplayModule = lettingGo({
  create: (saved) => new ActionCable(saved as Saved | undefined),
})

interface Subscription {
  /** The client's command as it came. */
  subscribe: string
  /** The client has had its confirmation. */
  confirmed: boolean
}

interface Saved {
  welcomed: boolean
  awaitsWelcome: boolean
  subscriptions: [identifier: string, Subscription][]
  again: string[]
  told?: boolean
}

class ActionCable implements Replay {
  /** The client has had a welcome. */
  #welcomed: boolean
  /** The next upstream owes its welcome, which is for us. */
  #awaitsWelcome: boolean
  readonly #subscriptions = new BoundedMap<Subscription>()
  /** Identifiers whose next confirmation the client has had from an earlier upstream. */
  readonly #again: Set<string>
  /** The next upstream has been sent the subscriptions. */
  #told: boolean

  constructor(saved?: Saved) {
    this.#welcomed = saved?.welcomed ?? false
    this.#awaitsWelcome = saved?.awaitsWelcome ?? false
    this.#again = new Set(saved?.again)
    this.#told = saved?.told ?? false
    for (const [identifier, subscription] of saved?.subscriptions ?? []) this.#keep(identifier, subscription)
  }

  onClient(message: Message): void {
    if (!mentions(message, /subscribe"/)) return
    const { command, identifier } = parseObject(message) ?? {}
    if (typeof identifier !== 'string' || message.type !== 'text') return
    if (command === 'unsubscribe') this.#subscriptions.delete(identifier)
    // The client repeats the command until it is confirmed.
    else if (command === 'subscribe' && !this.#subscriptions.has(identifier)) {
      this.#keep(identifier, { subscribe: message.data, confirmed: false })
    }
  }

  onUpstream(message: Message): void {
    if (!mentions(message, /"(?:welcome|confirm_subscription|reject_subscription)"/)) return
    const { type, identifier } = parseObject(message) ?? {}
    if (type === 'welcome') this.#welcomed = true
    if (typeof identifier !== 'string') return
    if (type === 'reject_subscription') this.#subscriptions.delete(identifier)
    const subscription = this.#subscriptions.get(identifier)
    if (type === 'confirm_subscription' && subscription) subscription.confirmed = true
  }

  onUnread(from: 'client' | 'upstream'): void {
    if (from === 'client') throw unread()
  }

  /** The server speaks first. */
  replay(): Message[] {
    this.#awaitsWelcome = this.#welcomed
    this.#again.clear()
    this.#told = false
    return []
  }

  rest(): Message[] | undefined {
    if (this.#awaitsWelcome) return undefined
    if (this.#told) return []
    this.#told = true
    for (const [identifier, { confirmed }] of this.#subscriptions.entries()) {
      if (confirmed) this.#again.add(identifier)
    }
    return this.#subscriptions.values().map(({ subscribe }) => text(subscribe))
  }

  /** A server works on commands side by side: what belongs to a subscription has to wait for its confirmation. */
  settled(): boolean {
    return this.#again.size === 0
  }

  swallow(message: Message): boolean {
    if (!this.#awaitsWelcome && this.#again.size === 0) return false
    if (!mentions(message, /"(?:welcome|confirm_subscription|reject_subscription)"/)) return false
    const { type, identifier } = parseObject(message) ?? {}
    if (type === 'welcome' && this.#awaitsWelcome) {
      this.#awaitsWelcome = false
      return true
    }
    if (typeof identifier !== 'string') return false
    // The client gets a rejection: it then forgets the subscription.
    if (type === 'reject_subscription') this.#again.delete(identifier)
    return type === 'confirm_subscription' && this.#again.delete(identifier)
  }

  save(): Saved {
    return {
      welcomed: this.#welcomed,
      awaitsWelcome: this.#awaitsWelcome,
      subscriptions: this.#subscriptions.entries(),
      again: [...this.#again],
      told: this.#told,
    }
  }

  #keep(identifier: string, subscription: Subscription): void {
    this.#subscriptions.set(identifier, subscription, sizeOf(text(subscription.subscribe)))
  }
}
