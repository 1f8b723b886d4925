// In: a handshake that its route's limits let in. Out: a running Pipe, or the client told why there is none: the authentication
// service, its session, an upstream, and the 101.
import { randomBytes } from 'node:crypto'
import { authorised } from '../auth/index.ts'
import type { HoldOptions, MonotonicMs, RouteOptions } from '../core/index.ts'
import { holdFor, holdOutlook, loadedReplay } from '../hold/replay/index.ts'
import {
  type ClientHandshake,
  type HeaderList,
  misreadsClientTakeover,
  type UpgradeRequest,
  withoutClientTakeover,
} from '../http/index.ts'
import {
  type Authorisation,
  identityOf,
  type Over,
  startsAfresh,
  withExtensions,
  withFreshDeflate,
} from '../resume/index.ts'
import {
  type Opening,
  openConnection,
  type RouteState,
  sessionHeader,
  writeRecipe,
} from '../session/index.ts'
import { wireOf } from '../wire/index.ts'
import type { Arrival } from './arrival.ts'
import type { FoundSession } from './find-session.ts'
import { type Found, findUpstream } from './find-upstream.ts'
import { type Admission, unrated } from './limits.ts'
import { fail } from './no-upstream.ts'
import { Place } from './place.ts'
import { refuse } from './refuse.ts'
import { resumeSession } from './resume-session.ts'
import { takeOver } from './take-over.ts'

type Dialled = Extract<Found, { ok: true }>

export class Admitted {
  readonly #arrival: Arrival
  readonly #session: FoundSession
  readonly #at: MonotonicMs
  #admission: Extract<Admission, { ok: true }>
  /** What its upstream is asked. */
  #request: UpgradeRequest
  #auth: Opening['auth']
  #authorisation: Authorisation | undefined
  /** Who it is, as far as the route can tell. */
  #identity: string | undefined

  constructor(arrival: Arrival, session: FoundSession, admission: Extract<Admission, { ok: true }>) {
    const { asked, deps, handshake } = arrival
    this.#arrival = arrival
    this.#session = session
    this.#admission = admission
    this.#request = handshake.request
    this.#at = deps.clock.now()
    if (asked) asked.admitMs = this.#at - arrival.at
  }

  /** Never rejects. */
  async serve(): Promise<void> {
    const { deps, route } = this.#arrival
    try {
      await this.#open()
    } catch (error) {
      this.#admission.release()
      deps.log.error({ err: error, route: route.name }, 'fault while opening a connection')
      this.#arrival.leave({ what: 'handshake-fault' }, 'fault')
    }
  }

  async #open(): Promise<void> {
    const { state, route, offer, asked, deps } = this.#arrival
    // What the connection is read with must be what it was agreed for, whatever a reload does meanwhile.
    const { options } = await state.ready()
    const { holds, reads } = holdOutlook(options.hold, this.#request.target, this.#request.protocols)
    if (state.auth.isOn && !(await this.#authorise())) return
    this.#identity = identityOf(this.#request, route.resume?.bind, this.#authorisation?.headers)
    const over = await this.#comeBack()
    if (over === 'answered') return
    if (this.#session.at === 'here' && !(await this.#admitAnew())) return
    const dialledAt = deps.clock.now()
    const resume = offer?.v1 ? options.resume : undefined
    if (resume) this.#request = withFreshDeflate(this.#request)
    const misread = (holds || resume) && misreadsClientTakeover(this.#request.headers)
    // A replay module reads messages, so that nothing may be agreed that changes what they look like.
    if (reads || misread) this.#request = withExtensions(this.#request, '')
    const held = holds ? randomBytes(16).toString('base64url') : undefined
    const dial = await this.#findUpstream(held, resume !== undefined)
    if (asked) asked.upstreamMs = deps.clock.now() - dialledAt
    if (dial.ok) return this.#connect(dial, options, held, over)
    this.#admission.release()
    fail(dial.failure, this.#arrival)
  }

  /** Asks the authentication service. False: the client has been told that it does not get in. */
  async #authorise(): Promise<boolean> {
    const { handshake, state, route, deps, asked } = this.#arrival
    const session = this.#session
    // A session is not given to somebody of whom nobody says who it is; it waits until somebody does.
    const isKnown =
      session.at === 'abandoned' || (session.at === 'here' && session.entry.identity !== undefined)
    const mustKnow = isKnown && !route.resume?.bind
    const verdict = await state.auth.admit(this.#request, handshake.signal, mustKnow)
    if (asked) asked.authMs = deps.clock.now() - this.#at
    if (verdict.kind !== 'allowed') {
      this.#admission.release()
      refuse(verdict, handshake, state, deps, this.#arrival)
      return false
    }
    const { expiresInMs, names, headers } = verdict
    if (expiresInMs !== undefined) this.#auth = { request: handshake.request, expiresInMs }
    this.#authorisation = { names, headers, ...(this.#auth && { renewal: this.#auth }) }
    this.#request = authorised(this.#request, names, headers)
    return true
  }

  /** Puts it on its session, if it comes back to one. An `Over`, or nothing: it gets a new connection. */
  async #comeBack(): Promise<'answered' | Over | undefined> {
    const { handshake, back, state, deps, asked, span } = this.#arrival
    if (!back) return undefined
    const session = this.#session
    const its = { identity: this.#identity, admission: this.#admission, authorisation: this.#authorisation }
    const returning = { handshake, back, asked, ...its }
    const over =
      session.at === 'abandoned' && isUnknownHere(back.token, state)
        ? await takeOver(returning, session.abandoned, state, deps)
        : resumeSession(returning, state, deps)
    if (typeof over === 'object') return over
    if (over !== 'accepted') this.#admission.release()
    if (over === 'elsewhere') this.#arrival.unreachable()
    else if (over === 'abandoned') this.#arrival.abandoned()
    else {
      state.counts.handshake(over)
      span.end(over)
    }
    return 'answered'
  }

  /** Its session has ended meanwhile, or by this return: the client is a new one, under the limits of a new one. */
  async #admitAnew(): Promise<boolean> {
    const { route, deps } = this.#arrival
    this.#admission.release()
    const again = await deps.admit(route.name, unrated(route.limits), this.#request.address)
    if (again.ok) this.#admission = again
    else this.#arrival.tooMany(again)
    return again.ok
  }

  async #findUpstream(held: string | undefined, isFresh: boolean): Promise<Found> {
    const { handshake, at: arrivedAt, span, state, deps } = this.#arrival
    const extra: HeaderList = held ? [[sessionHeader, held]] : []
    const sought = { handshake, request: this.#request, extra, arrivedAt, span }
    const dial = await findUpstream(sought, state, deps)
    if (!isFresh || !dial.ok || startsAfresh(dial.dialled.extensions)) return dial
    // It says that its messages refer to earlier ones, though it was asked not to: it goes on without compression.
    dial.dialled.wire.destroy()
    dial.release()
    this.#request = withExtensions(this.#request, '')
    return findUpstream({ ...sought, request: this.#request }, state, deps)
  }

  /** `over`: how the session has ended that the client came back to. */
  async #connect(
    { upstream, dialled, release }: Dialled,
    options: RouteOptions,
    held: string | undefined,
    over: Over | undefined,
  ): Promise<void> {
    const { handshake, route, offer, span, asked, state, deps } = this.#arrival
    const request = this.#request
    const identity = this.#identity
    const resume = offer?.v1 ? options.resume : undefined
    const hold = held === undefined ? undefined : holdOf(options.hold, request, dialled)
    const { protocol, extensions, headers } = dialled
    const answers = dialled.restored !== undefined
    const isHeld = hold && held !== undefined
    const listing =
      resume &&
      (await deps.directory?.list(resume.for, ({ key }) =>
        writeRecipe({
          ...{ route: route.name, key, identity, protocol, extensions },
          held: isHeld ? { session: held, request, answers } : undefined,
        }),
      ))
    // A drain or a reload may have begun while the upstream was dialled.
    const drainsNow = deps.draining(route.name, upstream.name)
    if (drainsNow || handshake.signal.aborted) {
      listing?.end()
      dialled.wire.destroy()
      release()
      this.#admission.release()
      return drainsNow ? this.#arrival.drains(drainsNow) : this.#arrival.abandoned()
    }
    state.counts.handshake('accepted')
    const told = hold || resume ? withoutClientTakeover(extensions) : extensions
    const client = handshake.accept({ protocol, extensions: told, headers })
    span.end('accepted')
    openConnection(
      {
        ...described(handshake),
        upstream,
        protocol,
        extensions,
        held: isHeld ? { session: held, request, hold } : undefined,
        resume: resume && { options: resume, over, identity, listing },
        answers,
        auth: this.#auth,
        asked,
        replay: hold && loadedReplay(hold.replay),
        releaseUpstream: release,
        admission: new Place(this.#admission, handshake.request, state, deps.clock),
      },
      { client: wireOf(client), upstream: dialled.wire },
      state,
      deps,
    )
  }
}

/** Whether a session is not here, to which another return may have come first. */
function isUnknownHere(token: string, { sessions }: RouteState): boolean {
  const found = sessions.find(token)
  return 'over' in found && found.over.why === 'unknown'
}

/** How this connection is held, now that it is known what the upstream agreed to; undefined: it is not. */
function holdOf(
  hold: HoldOptions | undefined,
  { target }: UpgradeRequest,
  { protocol, extensions }: { protocol?: string; extensions?: string },
): HoldOptions | undefined {
  const options = hold && holdFor(hold, target, protocol)
  // Messages that an extension has changed say nothing about what is spoken.
  const unread = options?.replay.by === 'auto' && extensions !== undefined
  return unread ? { ...options, replay: { by: 'none' } } : options
}

function described({ request: { address, httpVersion }, front }: ClientHandshake) {
  return { address, http: httpVersion, ...(front !== undefined && { carried: { client: front } }) }
}
