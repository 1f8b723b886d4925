// The worker's end of the limits that count over all workers: it asks the supervisor, which keeps the one ledger. While
// that does not answer the worker decides by itself, by its own share of each limit, and asks again once a second.
import type { Clock, GatewayOptions, LimitOptions, MonotonicMs } from '../core/index.ts'
import { type Admission, Ledger } from '../handshake/index.ts'
import type { AdmissionAnswer, FromWorker } from './worker-messages.ts'

/** Milliseconds that a client waits for the supervisor's answer, and for one that it has to ask a fleet for. */
const answerTimeoutMs = 100
const fleetAnswerTimeoutMs = 200
/** Milliseconds after which a supervisor that has not answered is asked again: the question may have been lost with a process. */
const askAgainMs = 1000
/** The least and greatest milliseconds after which a client may come back for whom the worker's share is too small. */
const retryRangeMs = [1000, 5000] as const

/** One connection that this worker lets in. */
interface Place {
  route: string
  address: string
  /** Its number in the supervisor's ledger; absent while it is not counted there. */
  id?: number
  isReleased: boolean
}

type OnAnswer = (answer: AdmissionAnswer) => void

export interface RemoteLedgerDeps {
  post: (message: FromWorker) => void
  clock: Clock
  /** In [0, 1), like Math.random. */
  random?: () => number
}

/** Asks for admissions in the name of one worker. Routes without such limits are not asked about. */
export class RemoteLedger {
  readonly #post: RemoteLedgerDeps['post']
  readonly #clock: Clock
  readonly #random: () => number
  /** What this worker has let in, whoever decided it. */
  readonly #own: Ledger
  readonly #waiting = new Map<number, OnAnswer>()
  /** Places that the supervisor does not count: of routes without limits, or let in while it did not answer. */
  readonly #uncounted = new Set<Place>()
  /** Routes with limits over all workers. */
  #limited = new Set<string>()
  #workers = 1
  #requests = 0
  /** An answer is overdue: nobody waits for another. */
  #silent = false
  #askedAt: MonotonicMs = 0

  constructor({ post, clock, random = Math.random }: RemoteLedgerDeps) {
    this.#post = post
    this.#clock = clock
    this.#random = random
    this.#own = new Ledger({ clock, random })
  }

  /** Takes options over. What came in before a route had limits counts from now on. */
  configure({ routes }: Pick<GatewayOptions, 'routes'>, workers = this.#workers): void {
    this.#workers = workers
    this.#limited = new Set(routes.filter(({ limits }) => areShared(limits)).map(({ name }) => name))
    this.#own.keep(routes.map(({ name }) => name))
    if (!this.#silent) this.#count()
  }

  admit(route: string, limits: LimitOptions, address: string): Admission | Promise<Admission> {
    if (!areShared(limits)) return this.#letIn({ route, address, isReleased: false })
    if (this.#silent) {
      this.#askAgain(route, limits, address)
      return this.#decide(route, limits, address)
    }
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(
        () => {
          this.#silent = true
          this.#askedAt = this.#clock.now()
          // What is let in now is counted later.
          this.#waiting.delete(request)
          resolve(this.#decide(route, limits, address))
        },
        limits.scope === 'fleet' ? fleetAnswerTimeoutMs : answerTimeoutMs,
      )
      const request = this.#ask({ type: 'admit', route, limits, address }, (answer) => {
        this.#clock.clearTimeout(timer)
        if (!answer.ok) return resolve(answer)
        resolve(this.#letIn({ route, address, id: answer.admission, isReleased: false }))
      })
    })
  }

  /** Takes over an admission that came with a connection from another worker. The result gives it back, once. */
  readmit(id: number | undefined): () => void {
    if (id === undefined) return () => {}
    let isReleased = false
    return () => {
      if (!isReleased) this.#release(id)
      isReleased = true
    }
  }

  /**
   * A connection came from another worker, with its admission or without one. It counts here from now on, until the
   * result is called.
   */
  entered({ route, address, admission }: { route: string; address: string; admission?: number }): () => void {
    if (admission !== undefined) return this.#own.enter(route, address)
    const { release } = this.#letIn({ route, address, isReleased: false })
    if (!this.#silent) this.#count()
    return release
  }

  /** Takes the supervisor's answer to an earlier request. */
  answer(request: number, answer: AdmissionAnswer): void {
    const onAnswer = this.#waiting.get(request)
    this.#waiting.delete(request)
    if (onAnswer) onAnswer(answer)
    // An admission that comes after all must not stay counted.
    else if (answer.ok) this.#release(answer.admission)
    if (!this.#silent) return
    this.#silent = false
    this.#count()
  }

  /** Whether there are answers again: with a handshake that does not wait for this one. */
  #askAgain(route: string, limits: LimitOptions, address: string): void {
    if (this.#clock.now() - this.#askedAt < askAgainMs) return
    this.#askedAt = this.#clock.now()
    this.#post({ type: 'admit', request: ++this.#requests, route, limits, address })
  }

  /** By this worker's share, which is never less than one. */
  #decide(route: string, limits: LimitOptions, address: string): Admission {
    const { connections, perAddress, handshakesPerSecond } = limits
    const share = (limit: number | undefined) =>
      limit === undefined ? undefined : Math.min(limit, Math.max(1, Math.floor(limit / this.#workers)))
    const admission = this.#own.admit(
      route,
      {
        connections: share(connections),
        perAddress: share(perAddress),
        handshakesPerSecond: handshakesPerSecond && handshakesPerSecond / this.#workers,
      },
      address,
    )
    if (admission.ok) return this.#hold({ route, address, isReleased: false }, admission.release)
    const [least, greatest] = retryRangeMs
    return { ok: false, limit: 'unknown', retry: Math.round(least + this.#random() * (greatest - least)) }
  }

  #letIn(place: Place): Extract<Admission, { ok: true }> {
    return this.#hold(place, this.#own.enter(place.route, place.address))
  }

  #hold(place: Place, leave: () => void): Extract<Admission, { ok: true }> {
    if (place.id === undefined) this.#uncounted.add(place)
    return new Admitted(place, () => {
      if (place.isReleased) return
      place.isReleased = true
      leave()
      this.#uncounted.delete(place)
      if (place.id !== undefined) this.#release(place.id)
    })
  }

  /** Has the supervisor count what it does not count yet, whatever the limits: these connections are there. */
  #count(): void {
    for (const place of this.#uncounted) {
      if (!this.#limited.has(place.route)) continue
      this.#uncounted.delete(place)
      this.#ask({ type: 'enter', route: place.route, address: place.address }, (answer) => {
        if (!answer.ok) return
        if (place.isReleased) this.#release(answer.admission)
        else place.id = answer.admission
      })
    }
  }

  #ask(
    message:
      | Omit<Extract<FromWorker, { type: 'admit' }>, 'request'>
      | Omit<Extract<FromWorker, { type: 'enter' }>, 'request'>,
    onAnswer: OnAnswer,
  ): number {
    const request = ++this.#requests
    this.#waiting.set(request, onAnswer)
    this.#post({ ...message, request })
    return request
  }

  #release(admission: number): void {
    this.#post({ type: 'release', admission })
  }
}

function areShared({ connections, perAddress, handshakesPerSecond }: LimitOptions): boolean {
  return connections !== undefined || perAddress !== undefined || handshakesPerSecond !== undefined
}

/** Whoever was let in, for as long as the connection lasts. A class, since a literal with an accessor costs each of them half a KiB. */
class Admitted {
  readonly ok = true
  readonly release: () => void
  readonly #place: Place

  constructor(place: Place, release: () => void) {
    this.#place = place
    this.release = release
  }

  get id(): number | undefined {
    return this.#place.id
  }
}
