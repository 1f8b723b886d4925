// The store on Redis or Valkey. Every call has an end; what hangs is thrown away with its connection.
import type { Clock, FleetOptions } from '../core/index.ts'
import { type Redis, redisClient } from './redis-client.ts'
import { callWithinMs, type Reply, type Script, type Store, StoreError } from './store.ts'

export interface RedisStoreDeps {
  options: FleetOptions
  clock: Clock
  /** The connection is there for another time. */
  onReconnected(): void
}

export class RedisStore implements Store {
  readonly #deps: RedisStoreDeps
  /** Counts connections that were thrown away: what an old one says concerns nobody. */
  #generation = 0
  #redis: Promise<Redis> | undefined
  #connected: Promise<Redis> | undefined
  /** Why the connection of now does not work. */
  #problem: string | undefined
  #wasReady = false
  #closed = false

  constructor(deps: RedisStoreDeps) {
    this.#deps = deps
  }

  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    withinMs = callWithinMs,
  ): Promise<Reply> {
    if (this.#closed) return Promise.reject(new StoreError('closed'))
    this.#connected ??= this.#connect()
    const answer = this.#connected.then((redis) => redis.evaluate(script, [...keys], args.map(String)))
    return this.#within(withinMs, answer)
  }

  renew(): void {
    const old = this.#redis
    this.#generation++
    this.#redis = undefined
    this.#connected = undefined
    this.#wasReady = false
    void old?.then((redis) => redis.destroy()).catch(() => {})
  }

  close(): void {
    this.#closed = true
    this.renew()
  }

  async #connect(): Promise<Redis> {
    const generation = this.#generation
    const redis = redisClient(this.#deps.options, {
      onError: (error) => {
        if (generation === this.#generation) this.#problem = wordsOf(error)
      },
      onReady: () => {
        if (generation !== this.#generation) return
        this.#problem = undefined
        if (this.#wasReady) this.#deps.onReconnected()
        this.#wasReady = true
      },
    })
    this.#redis = redis
    const client = await redis
    await client.connect()
    return client
  }

  #within(ms: number, answer: Promise<Reply>): Promise<Reply> {
    const { clock } = this.#deps
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        reject(new StoreError(this.#problem ?? `no answer in ${ms} ms`, true))
      }, ms)
      answer.then(
        (reply) => {
          clock.clearTimeout(timer)
          resolve(reply)
        },
        (error) => {
          clock.clearTimeout(timer)
          const words = wordsOf(error)
          // The library says of a call that cannot go out only that; why is what its connection met.
          const isOffline = /offline|closed|not open/i.test(words)
          reject(new StoreError((isOffline && this.#problem) || words))
        },
      )
    })
  }
}

function wordsOf(error: unknown): string {
  const { errors, code, message } = (error ?? {}) as {
    errors?: unknown[]
    code?: string
    message?: string
  }
  if (errors?.length) return wordsOf(errors[0])
  const words = message || code || String(error)
  return words.length > 200 ? `${words.slice(0, 200)}…` : words
}
