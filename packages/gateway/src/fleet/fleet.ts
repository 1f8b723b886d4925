// This gateway as a node of its fleet: it announces itself, polls who else is there, and looks after what is shared. Nothing here is on
// the path of a message, and while the store is away everything goes on.
import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { Logger } from 'pino'
import type { Clock, FleetInfo, FleetMember, FleetOptions, MonotonicMs, RouteOptions } from '../core/index.ts'
import type { Ledger } from '../handshake/index.ts'
import { DrainTurn } from './drain-turn.ts'
import { FleetLedger } from './fleet-ledger.ts'
import { forgetScript } from './forget-script.ts'
import { leaveScript } from './leave-script.ts'
import { type MemberRecord, readMembers, writeMember } from './member-record.ts'
import { renewScript } from './renew-script.ts'
import { SessionRecords } from './session-records.ts'
import { SharedTickets } from './shared-tickets.ts'
import { callWithinMs, fleetKey, goneAfterMs, type Reply, type Script, type Store } from './store.ts'
import { WatchedStore } from './watched-store.ts'

/** Milliseconds between two announcements. */
const renewEveryMs = 2000
/** Milliseconds between two tries while the store is away. */
const retryEveryMs = 500
/** Milliseconds of an announcement for what dead nodes held; the rest has to wait, or this node would seem to be dead itself. */
const forgetWithinMs = renewEveryMs / 2

export interface FleetDeps {
  options: FleetOptions
  /** Of the process whose place this one takes. Default: a new one. */
  id?: string | undefined
  /** The store is there, perhaps anew: what it has to know of sessions is to be said again. */
  onAnnounce?: () => void
  /** Other nodes have these sessions of this one now. */
  onTaken?: (sessions: readonly { id: string; epoch: number }[]) => void
  /** This node was announced, and for that call so many milliseconds ago. */
  onRenewed?: (agoMs: number) => void
  /** What other nodes are told of this one. */
  describe: () => Omit<MemberRecord, 'host'>
  /** Who is there, as often as that was asked. */
  onMembers?: (members: readonly FleetMember[]) => void
  /** At the start. */
  routes: readonly RouteOptions[]
  /** What this gateway counts for itself. */
  local: Ledger
  /** The keys of TLS session tickets that all nodes have, as Base64. */
  onTicketKeys: (keys: string) => void
  log: Logger
  clock: Clock
  random?: () => number
  /** Milliseconds; for tests on machines that have much else to do. */
  times?: { decideMs: number; callMs: number }
  /** Default: Redis, as the options say. */
  store?: Store
}

/** The id of a node. */
function newNodeId(): string {
  return randomBytes(9).toString('base64url')
}

export class Fleet {
  /** Chosen at each start: what an earlier process of this machine held is given back. A live upgrade keeps it. */
  readonly id: string
  /** The limits of this gateway, and of all. */
  readonly ledger: FleetLedger
  /** Which node holds which session. */
  readonly sessions: SessionRecords
  readonly #turn: DrainTurn
  readonly #tickets: SharedTickets
  readonly #deps: FleetDeps
  readonly #store: WatchedStore
  #members: FleetMember[] = []
  #shedding: string | undefined
  #timer: unknown
  #isRenewing = false
  #isResting = false
  #stopped = false

  constructor(deps: FleetDeps) {
    const { options, clock, local, random, log, onTicketKeys, routes } = deps
    const { decideMs, callMs } = deps.times ?? { decideMs: 50, callMs: callWithinMs }
    this.#deps = deps
    this.id = deps.id ?? newNodeId()
    this.#store = new WatchedStore({
      ...{ options, id: this.id, callMs, store: deps.store, log, clock },
      onAnnounce: () => void this.#announce(),
      onAway: () => this.ledger.away(),
    })
    const fleet = options.name
    const call = (script: Script, keys: string[], args: (string | number)[]) =>
      this.#store.call(script, keys, args)
    this.ledger = new FleetLedger({
      local,
      fleet,
      id: this.id,
      call,
      onUnknown: () => this.#renewNow(),
      clock,
      decideWithinMs: decideMs,
      ...(random && { random }),
    })
    this.ledger.configure(routes)
    // There may be many at once: that one of them is late says nothing of the store yet, which the next announcement of the node asks.
    const callForMany: typeof call = (script, keys, args) => this.#store.call(script, keys, args, false)
    const presentForMs = () => this.#store.presentForMs
    this.sessions = new SessionRecords({ fleet, node: this.id, call: callForMany, presentForMs })
    // So does a late answer about whose turn it is: who went on for that would shed its connections beside another node.
    this.#turn = new DrainTurn({ fleet, id: this.id, call: callForMany, clock })
    this.#tickets = new SharedTickets({ fleet, secrets: options.secrets, call, onKeys: onTicketKeys, log })
  }

  /** Begins to announce this node, at once. */
  start(): void {
    void this.#renew()
  }

  get info(): FleetInfo {
    return {
      name: this.#deps.options.name,
      id: this.id,
      store: this.#store.info,
      members: this.#members,
      admissions: { ...this.ledger.admissions },
      ...(this.#shedding !== undefined && { shedding: this.#shedding }),
    }
  }

  /** Resolves when this node may shed its connections: one does at a time, for as long as it lives. Without the store: at once. */
  async turnToDrain(): Promise<void> {
    const { options, log } = this.#deps
    this.#renewNow()
    await this.#turn.take(
      options.drainWait,
      () => this.#store.isPresent && !this.#stopped,
      (holder) => {
        const node = this.#members.find(({ id }) => id === holder)?.host ?? holder
        log.info(
          { node, waitMs: options.drainWait },
          'waits with its drain: another node sheds its connections',
        )
      },
    )
  }

  /** Another process has what this one counts, and is about to say it as this node: nothing that is old by then is said. */
  rest(): void {
    this.#isResting = true
    this.ledger.away()
  }

  /** It is not to be, and this one counts on. */
  goOn(): void {
    this.#isResting = false
    void this.#announce()
  }

  /** Ends at once: the others find out. */
  kill(): void {
    this.#end()
    this.#store.close()
  }

  /** Tells the others that it goes, if the store answers, and ends. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#end()
    const keys = ['members', 'records', 'dead', 'shedding'].map((part) => this.#key(part))
    if (this.#store.isPresent) await this.#store.call(leaveScript, keys, [this.id]).catch(() => {})
    this.#store.close()
  }

  #end(): void {
    this.#stopped = true
    this.#store.stop()
    this.#deps.clock.clearTimeout(this.#timer)
    this.ledger.stop()
    this.#turn.stop()
  }

  #key(...parts: string[]): string {
    return fleetKey(this.#deps.options.name, ...parts)
  }

  /** Announces this node without waiting for its time. */
  #renewNow(): void {
    if (this.#isRenewing || this.#stopped) return
    this.#deps.clock.clearTimeout(this.#timer)
    void this.#renew()
  }

  async #renew(): Promise<void> {
    const { clock } = this.#deps
    this.#isRenewing = true
    const began: MonotonicMs = clock.now()
    try {
      await this.#announceSelf()
    } catch {
      // The store has said so.
    }
    this.#isRenewing = false
    if (this.#stopped) return
    const everyMs = this.#store.isPresent ? renewEveryMs : retryEveryMs
    const passed = clock.now() - began
    this.#timer = clock.setTimeout(() => void this.#renew(), Math.max(0, everyMs - passed))
  }

  async #announceSelf(): Promise<void> {
    const { describe, clock, onMembers } = this.#deps
    const wasPresent = this.#store.isPresent
    const record = writeMember({ host: os.hostname().slice(0, 255), ...describe() })
    const keys = ['members', 'records', 'dead', 'tickets', 'shedding'].map((part) => this.#key(part))
    const own = [...keys, this.#key('uses', this.id), this.#key('totals'), this.#key('taken', this.id)]
    const asked = clock.now()
    const reply = (await this.#store.call(renewScript, own, [this.id, record, goneAfterMs])) as Reply[]
    this.#deps.onRenewed?.(clock.now() - asked)
    const [known, version, ageMs, shedding, dead, records, taken] = reply
    this.#tellTaken(taken as string[])
    this.#shedding = shedding ? String(shedding) : undefined
    this.#members = readMembers(records as string[], this.id)
    onMembers?.(this.#members)
    // The first time it is the answer itself that lets it be announced.
    if (known === 0 && wasPresent) void this.#announce()
    await this.#turn.renew()
    await this.#tickets.follow(String(version), Number(ageMs))
    const until = clock.now() + forgetWithinMs
    for (const id of dead as string[]) await this.#forget(id, until)
    await this.#store.checkPolicy()
  }

  /** In pairs of id and epoch. */
  #tellTaken(taken: readonly string[]): void {
    const sessions = Array.from({ length: taken.length / 2 }, (_, i) => ({
      id: taken[2 * i]!,
      epoch: Number(taken[2 * i + 1]),
    }))
    if (sessions.length > 0) this.#deps.onTaken?.(sessions)
  }

  /** Gives back what a node held that is gone: all of it, or as much as goes by then. */
  async #forget(id: string, until: MonotonicMs): Promise<void> {
    const keys = ['members', `uses:${id}`, 'totals', 'dead'].map((part) => this.#key(part))
    while (this.#deps.clock.now() < until) {
      if (Number(await this.#store.call(forgetScript, keys, [id, 0])) <= 0) return
    }
  }

  async #announce(): Promise<void> {
    if (this.#isResting) return
    this.#tickets.forget()
    this.#deps.onAnnounce?.()
    await this.ledger.announce().catch(() => {})
  }
}
