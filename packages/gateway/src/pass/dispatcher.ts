// In: each handshake and each plain request that the listeners have read. Out: it is with its route, or is told that there is none.
import { httpMapping } from '../connection/index.ts'
import type { AcmeShared, RouteOptions, Unrouted } from '../core/index.ts'
import {
  type HandshakeDeps,
  httpAnswer,
  matchRoute,
  serveHandshake,
  UnroutedRequests,
} from '../handshake/index.ts'
import { askedOf, type ClientHandshake } from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'
import { readOffer } from '../resume/index.ts'
import type { RouteState, Routes } from '../session/index.ts'
import { challengeAnswer } from './challenge-answer.ts'
import { answerText, answerUnserved, serveRequest } from './http-pass.ts'
import { logRequest } from './log-request.ts'

export class Dispatcher {
  readonly #options: () => readonly RouteOptions[]
  readonly #routes: Routes
  readonly #deps: HandshakeDeps
  readonly #unrouted: UnroutedRequests
  #handshakes = 0
  /** What `/.well-known/acme-challenge/TOKEN` is answered, by token. */
  acmeAnswers: AcmeShared['challenges']['http'] = {}

  constructor(options: () => readonly RouteOptions[], routes: Routes, deps: HandshakeDeps) {
    this.#options = options
    this.#routes = routes
    this.#deps = deps
    this.#unrouted = new UnroutedRequests(deps.log, options)
  }

  /** How many handshakes are under way. */
  get handshakes(): number {
    return this.#handshakes
  }

  /** How many requests had no route. */
  get unrouted(): Unrouted {
    return this.#unrouted.counts
  }

  /** `isRated`: another process has let it in by the route's rate. */
  async onUpgrade(handshake: ClientHandshake, isRated = false): Promise<void> {
    const { host, target } = handshake.request
    const state = this.#match(host, target)
    if (!state) {
      this.#unrouted.happened('handshakes', host, target)
      const at = this.#deps.clock.wall()
      const { address } = handshake.request
      const asked = askedOf(handshake.request, at)
      this.#deps.accessLog.write({ kind: 'websocket', at, asked, address, status: 404 })
      return handshake.refuse(httpAnswer(httpMapping({ what: 'no-route' })))
    }
    this.#handshakes++
    try {
      await serveHandshake(handshake, state, this.#deps, isRated)
    } finally {
      this.#handshakes--
    }
  }

  /**
   * False: the session that its client comes back to is not here, and never was, unless it is to be served `anyway`; the handshake was
   * not touched.
   */
  onReturn(handshake: ClientHandshake, anyway: boolean): boolean {
    const { host, target, protocols } = handshake.request
    const back = readOffer(protocols)?.back
    const state = this.#match(host, target)
    if (!back || !state?.options.resume) return false
    const found = state.sessions.find(back.token)
    if ('over' in found && found.over.why === 'unknown' && !anyway) return false
    // The process that the client has reached has looked at the rate.
    this.onUpgrade(handshake, true).catch((error) => {
      this.#deps.log.error({ err: error, route: state.options.name }, 'fault while opening a connection')
      handshake.fail()
    })
    return true
  }

  async onRequest(exchange: HttpExchange): Promise<void> {
    const { request } = exchange
    // Before the routes: the authority comes to any of this gateway's names.
    const answer = challengeAnswer(request, this.acmeAnswers)
    if (answer !== undefined) {
      logRequest(exchange, undefined, this.#deps)
      return answerText(exchange, answer)
    }
    const state = this.#match(request.host, request.target)
    logRequest(exchange, state?.options.name, this.#deps)
    if (state) await serveRequest(exchange, state, this.#deps)
    else {
      this.#unrouted.happened('requests', request.host, request.target)
      answerUnserved(exchange, { what: 'no-route' })
    }
  }

  #match(host: string, target: string): RouteState | undefined {
    const route = matchRoute(this.#options(), host, target)
    return route && this.#routes.get(route.name)
  }
}
