// One stop of a server that was started here, watched from outside.
import { setMaxListeners } from 'node:events'
import type { Prober } from '../probe/prober.ts'
import type { Exit, Member, ProcessTree } from './process-tree.ts'
import { type ClientKind, type ClientSaw, knock, type Met, Witness } from './witness.ts'

/** To whom SIGTERM goes: to the first process, as in a container, or to all, as with systemd. */
export type Target = 'main' | 'group'

/** What was watched. Times are milliseconds from the signal. */
export interface Watched {
  /** To whom SIGTERM went. */
  target: Target
  /** What each client saw. */
  clients: ClientSaw[]
  /** What newcomers met, in the order in which it changed. */
  newcomers: { met: Met; afterMs: number }[]
  /** When and how the first process ended; absent when it had not by the end of the watch. */
  exit?: { afterMs: number; status: number | null; signal: string | null }
  /** Milliseconds until the last of the processes had ended; absent when one had not by the end of the watch. */
  allEndedMs?: number
  /** Whether the first process had a handler for SIGTERM; true where that cannot be seen. */
  catchesTerm: boolean
  /** The processes that were left when the first one had ended. */
  left: Member[]
  /** Milliseconds that were watched. */
  watchedMs: number
}

export interface StopOptions {
  target: Target
  /** How many clients are connected; three at least. */
  clients: number
  /** What the talking client sends; Pings, where the server closes for it. */
  message: string
  /** Milliseconds from the signal until the watch ends. */
  graceMs: number
  signal: AbortSignal
}

/** Milliseconds in which every client must stay before the signal is sent. */
const settleMs = 300
/** Milliseconds that those that outlive the first process are watched. */
const lingerMs = 1_500
/** To look who still runs costs something. */
const lookEveryMs = 100

/** Why a stop could not be watched. */
export type Unwatched = { is: 'lost'; client: ClientKind; saw: ClientSaw } | { is: 'refused'; words: string }

/** Connects clients, sends SIGTERM, and watches until all has ended or the time is over. Ends no process by itself. */
export async function watchStop(
  tree: ProcessTree,
  prober: Prober,
  options: StopOptions,
): Promise<Watched | Unwatched> {
  const watch = new AbortController()
  setMaxListeners(0, watch.signal)
  const stop = () => watch.abort()
  options.signal.addEventListener('abort', stop)
  const witnesses: Witness[] = []
  try {
    const connected = await connect(prober, options, watch.signal, witnesses)
    if (connected) return connected
    await sleep(settleMs, watch.signal)
    if (witnesses[0]?.ended) {
      // It does not take this message: Pings it must take (RFC 6455 5.5.2).
      const session = await prober.open()
      if (typeof session !== 'string') witnesses[0] = new Witness('talking', session, undefined, watch.signal)
      await sleep(settleMs, watch.signal)
    }
    const lost = witnesses.find(({ ended }) => ended)
    if (lost) return { is: 'lost', client: lost.kind, saw: lost.saw(performance.now()) }
    return await afterSignal(tree, prober, options, witnesses, watch.signal)
  } finally {
    options.signal.removeEventListener('abort', stop)
    watch.abort()
    for (const one of witnesses) one.leave()
  }
}

async function connect(
  prober: Prober,
  { clients, message }: StopOptions,
  signal: AbortSignal,
  witnesses: Witness[],
): Promise<Unwatched | undefined> {
  for (let i = 0; i < Math.max(3, clients); i++) {
    const kind: ClientKind = i === 0 ? 'talking' : i === 1 ? 'silent' : 'quiet'
    const session = await prober.open({ answersClose: kind !== 'silent' })
    if (typeof session === 'string') return { is: 'refused', words: session }
    witnesses.push(new Witness(kind, session, message, signal))
  }
  return undefined
}

async function afterSignal(
  tree: ProcessTree,
  prober: Prober,
  { target, graceMs }: StopOptions,
  witnesses: readonly Witness[],
  signal: AbortSignal,
): Promise<Watched> {
  // Looked at before the signal, so that who comes from whom is known when some have ended.
  tree.members()
  const { catchesTerm } = tree
  const begin = performance.now()
  const since = () => performance.now() - begin
  if (target === 'main') tree.signalMain('SIGTERM')
  else tree.signalAll('SIGTERM')
  const newcomers: Watched['newcomers'] = []
  const knocking = new AbortController()
  const knocks = knockOften(prober, since, newcomers, knocking.signal)
  let exit: (Exit & { afterMs: number }) | undefined
  void tree.exited.then((how) => {
    exit = { ...how, afterMs: since() }
  })
  let left: Member[] | undefined
  let allEndedMs: number | undefined
  while (!signal.aborted && since() < graceMs) {
    if (exit) {
      const rest = tree.members().filter(({ main }) => !main)
      left ??= rest
      if (rest.length === 0) {
        allEndedMs = since()
        break
      }
      // In a container they would be killed now; here it is to be seen what they would have done.
      if (target === 'main' && since() - exit.afterMs > lingerMs) break
    }
    await (exit ? sleep(lookEveryMs, signal) : exitOr(tree, graceMs - since(), signal))
  }
  knocking.abort()
  await knocks
  if (allEndedMs !== undefined)
    await Promise.race([Promise.all(witnesses.map(({ over }) => over)), sleep(500, signal)])
  return {
    target,
    clients: witnesses.map((one) => one.saw(begin)),
    newcomers,
    ...(exit && { exit: { afterMs: exit.afterMs, status: exit.status, signal: exit.signal } }),
    ...(allEndedMs !== undefined && { allEndedMs }),
    catchesTerm,
    left: left ?? [],
    watchedMs: since(),
  }
}

/** Until the first process has ended, or the time is over. */
async function exitOr(tree: ProcessTree, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const stop = () => over.abort()
  signal.addEventListener('abort', stop)
  await Promise.race([tree.exited, sleep(ms, over.signal)])
  signal.removeEventListener('abort', stop)
  over.abort()
}

/** Milliseconds between two newcomers: few, that they do not disturb, and soon at first, when most changes. */
const knockFirstMs = 50
const knockMostMs = 2_000

async function knockOften(
  prober: Prober,
  since: () => number,
  found: Watched['newcomers'],
  signal: AbortSignal,
): Promise<void> {
  let wait = knockFirstMs
  while (!signal.aborted) {
    await sleep(wait, signal)
    if (signal.aborted) return
    const afterMs = since()
    const met = await knock(prober)
    if (signal.aborted && met !== 'refused') return
    if (found.at(-1)?.met !== met) found.push({ met, afterMs })
    // Once refused it is refused for good, but for one who takes over the port.
    wait = Math.min(knockMostMs, wait * 2)
  }
}

/** Milliseconds, or less when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
