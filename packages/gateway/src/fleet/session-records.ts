// Which node holds which session, in the store: announced, looked up, and taken over by a compare-and-set on the epoch. The groups lie
// in slots of their own, so that a Cluster shares them out.
import {
  aliveScript,
  announceSessionsScript,
  claimSessionScript,
  findSessionScript,
  forgetSessionsScript,
  tellTakenScript,
} from './session-scripts.ts'
import { fleetKey, goneAfterMs, type Reply, type Script, StoreError } from './store.ts'

/** A session of a node, as it is announced. */
export interface AnnouncedSession {
  id: string
  /** How often it has been taken over. */
  epoch: number
  /** What another node needs to go on with it, sealed. Absent: as before, or none. */
  recipe?: string
  /** What it has counted. Absent: as before, or none. */
  counters?: string
}

/** Who holds a session. */
export interface SessionHolder {
  epoch: number
  /** Id of the node, as in its member's record. */
  node: string
}

/** What is known of a session in the store. */
export interface FoundSession extends SessionHolder {
  /** The node is this one. */
  isOwn: boolean
  /**
   * Milliseconds until its node counts as gone if it says nothing more; 0: it is gone. Known from a store that answers, by the clock
   * of the store.
   */
  goneInMs: number
  /** Milliseconds since its node last said something of it or of its neighbours, by the clock of the store. */
  silentMs: number
  /** What another node needs to go on with it, sealed; empty: there is nothing. */
  recipe: string
  /** What it has counted. Absent from supervisors of earlier code. */
  counters?: string
}

/** What came of a claim. `held`: somebody else was faster. */
export type Claimed =
  | { ok: true; epoch: number; recipe: string; counters: string }
  | { ok: false; held?: SessionHolder }

export interface SessionRecordsDeps {
  fleet: string
  /** Id of this node. */
  node: string
  call: (script: Script, keys: string[], args: (string | number)[]) => Promise<Reply>
  /** For how many milliseconds the store has been there without a break; undefined: it does not answer. */
  presentForMs: () => number | undefined
}

/** Characters of an id: its group, then its serial there. */
const groupLength = 12
const idForm = /^[A-Za-z0-9_-]{16}$/

/** Groups that are announced or forgotten at the same time. */
export const mostGroups = 16
/** Sessions of one call. */
export const mostAnnounced = 250
/** Milliseconds that a session is kept in the store for longer than its node keeps it. */
const keptLongerMs = 60_000

export class SessionRecords {
  readonly #deps: SessionRecordsDeps
  readonly calls = { announced: 0, found: 0, claimed: 0 }

  constructor(deps: SessionRecordsDeps) {
    this.#deps = deps
  }

  /**
   * Says that this node holds these sessions, and for how many milliseconds it keeps them. The result: those that others hold.
   *
   * @throws {StoreError} The store does not answer.
   */
  async announce(
    forMs: number,
    sessions: readonly AnnouncedSession[],
  ): Promise<(SessionHolder & { id: string })[]> {
    this.#mustBePresent()
    const taken = await someAtOnce(inGroups(sessions), async ([group, its]) => {
      const args = its.flatMap(({ id, epoch, recipe = '', counters = '' }) => [
        ...[serialOf(id), epoch, recipe, counters],
      ])
      const head = [this.#deps.node, forMs + keptLongerMs]
      const reply = (await this.#deps.call(
        announceSessionsScript,
        [this.#key(group)],
        [...head, ...args],
      )) as (string | number)[]
      this.calls.announced += its.length
      return Array.from({ length: reply.length / 3 }, (_, i) => ({
        id: `${group}${reply[3 * i]}`,
        epoch: Number(reply[3 * i + 1]),
        node: String(reply[3 * i + 2]),
      }))
    })
    return taken.flat()
  }

  /**
   * Looks for the holder of a session. Undefined: the store knows no such session.
   *
   * @throws {StoreError} The store does not answer.
   */
  async find(id: string): Promise<FoundSession | undefined> {
    if (!idForm.test(id)) return undefined
    this.#mustBePresent()
    const { call, fleet, node: own } = this.#deps
    const [epoch, node, silentMs, recipe, counters] = (await call(
      findSessionScript,
      [this.#key(groupOf(id))],
      [serialOf(id)],
    )) as Reply[]
    this.calls.found++
    if (epoch === undefined) return undefined
    const holder = String(node)
    const isOwn = holder === own
    const found = {
      epoch: Number(epoch),
      node: holder,
      isOwn,
      silentMs: Number(silentMs),
      recipe: String(recipe),
      counters: String(counters),
    }
    if (isOwn) return { ...found, goneInMs: goneAfterMs }
    const left = Number(await call(aliveScript, [fleetKey(fleet, 'members')], [holder]))
    // A store that has just come back, perhaps with what it had an hour ago, does not know yet who is there.
    const unsureForMs = goneAfterMs - (this.#deps.presentForMs() ?? 0)
    return { ...found, goneInMs: Math.max(0, left, unsureForMs) }
  }

  /**
   * Takes a session over from this holder; who does so must know that it is gone. Of several one succeeds.
   *
   * @throws {StoreError} The store does not answer; it may have been done.
   */
  async claim(id: string, { epoch, node: from }: SessionHolder, forMs: number): Promise<Claimed> {
    if (!idForm.test(id)) return { ok: false }
    this.#mustBePresent()
    const { call, node, fleet } = this.#deps
    const args = [serialOf(id), epoch, node, forMs + keptLongerMs]
    const reply = (await call(claimSessionScript, [this.#key(groupOf(id))], args)) as Reply[]
    if (reply.length === 0) return { ok: false }
    const [done, ...said] = reply
    if (done === 0) return { ok: false, held: { epoch: Number(said[0]), node: String(said[1]) } }
    this.calls.claimed++
    // It hears of it with its next word about the session anyway, but of an idle one it says little.
    void call(tellTakenScript, [fleetKey(fleet, 'taken', from)], [id, epoch + 1]).catch(() => {})
    return { ok: true, epoch: epoch + 1, recipe: String(said[0]), counters: String(said[1]) }
  }

  /**
   * These sessions are over.
   *
   * @throws {StoreError} The store does not answer: they stay there for as long as they were to be kept.
   */
  async forget(sessions: readonly { id: string; epoch: number }[]): Promise<void> {
    this.#mustBePresent()
    const { call, node } = this.#deps
    await someAtOnce(inGroups(sessions), ([group, its]) =>
      call(
        forgetSessionsScript,
        [this.#key(group)],
        [node, ...its.flatMap(({ id, epoch }) => [serialOf(id), epoch])],
      ),
    )
  }

  /** A store that is away is not asked: the announcement of the node itself finds out when it is back. */
  #mustBePresent(): void {
    if (this.#deps.presentForMs() === undefined) throw new StoreError("the fleet's store is away")
  }

  #key(group: string): string {
    return fleetKey(`${this.#deps.fleet}/${group}`, 'sessions')
  }
}

function groupOf(id: string): string {
  return id.slice(0, groupLength)
}

function serialOf(id: string): string {
  return id.slice(groupLength)
}

async function someAtOnce<T, R>(list: Iterable<T>, call: (one: T) => Promise<R>): Promise<R[]> {
  const all = [...list]
  const results: R[] = []
  for (let i = 0; i < all.length; i += mostGroups)
    results.push(...(await Promise.all(all.slice(i, i + mostGroups).map(call))))
  return results
}

/** The sessions of each group, in lists that one call can take. */
function* inGroups<T extends { id: string }>(sessions: readonly T[]): Iterable<[group: string, T[]]> {
  const groups = new Map<string, T[]>()
  for (const session of sessions) {
    const group = groupOf(session.id)
    const list = groups.get(group) ?? []
    groups.set(group, list)
    list.push(session)
    if (list.length < mostAnnounced) continue
    groups.delete(group)
    yield [group, list]
  }
  yield* groups
}
