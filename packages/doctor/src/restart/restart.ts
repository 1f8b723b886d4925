// Starts somebody's own server, stops it as its managers do, and says what clients see.

import { setMaxListeners } from 'node:events'
import { finding } from '../findings.ts'
import type { Endpoint } from '../probe/endpoint.ts'
import { runtimeOfCommand, type Software, softwareOfCommand, softwareOfPeer } from '../software/recognise.ts'
import { cameUp, endpointOf, refused, refuseTaken } from './came-up.ts'
import { judge, needLines } from './judge.ts'
import { type Manager, managers, outcomeUnder } from './managers.ts'
import { type Member, ProcessTree } from './process-tree.ts'
import { RestartError, type RestartOptions, type RestartResult, watchMs } from './restart-options.ts'
import { type Target, type Watched, watchStop } from './stop.ts'

/**
 * Starts a server by a command, waits until it lets clients in, connects some, sends SIGTERM, and watches; once to the
 * first process, as Docker and Kubernetes do, and, where there are more, once to all, as systemd does. Ends everything that it
 * has started, whatever happens.
 *
 * @throws {RestartError} when there is nothing to watch: no such command, a port that is taken, a server that does not come up.
 */
export async function checkRestart(command: string, options: RestartOptions = {}): Promise<RestartResult> {
  const { onStep } = options
  const ending = new AbortController()
  // Each client and each newcomer listens to it.
  setMaxListeners(0, ending.signal)
  const { signal } = ending
  const stop = () => ending.abort()
  options.signal?.addEventListener('abort', stop)
  if (options.signal?.aborted) stop()
  try {
    return await both(command, options, signal, onStep)
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
}

async function both(
  command: string,
  options: RestartOptions,
  signal: AbortSignal,
  onStep: RestartOptions['onStep'],
): Promise<RestartResult> {
  const fixed = options.url === undefined ? undefined : endpointOf(options.url)
  const first = await once(command, 'main', fixed, options, signal)
  const watched = [first.watched]
  const { processes, url } = first
  let { software } = first
  if (processes.length > 1) {
    onStep?.('more than one process: once more, with SIGTERM to all of them')
    const second = await once(command, 'group', fixed, options, signal)
    watched.push(second.watched)
    software ??= second.software
  }
  const outcomes = (Object.keys(managers) as Manager[]).map((manager) =>
    outcomeUnder(
      manager,
      watched.find(({ target }) => target === managers[manager].target) ?? first.watched,
      options.grace ?? managers[manager].graceMs,
    ),
  )
  const found = judge(outcomes, watched, processes)
  const lines = software && found.some(({ code }) => needLines.has(code)) ? [finding(software, {})] : []
  const findings = [...found, ...lines]
  const healthy = findings.every(({ level }) => level !== 'error')
  return { command, url, processes, watched, outcomes, findings, healthy }
}

interface Once {
  watched: Watched
  processes: Member[]
  url: string
  software: Software | undefined
}

/** Starts the command, stops it once, and ends all of it. */
async function once(
  command: string,
  target: Target,
  fixed: Endpoint | undefined,
  options: RestartOptions,
  signal: AbortSignal,
): Promise<Once> {
  const { clients = 10, message = 'holdfast check', grace = watchMs, onStep } = options
  if (fixed) await refuseTaken(fixed, options, signal)
  onStep?.(`starting: ${command}`)
  const tree = await ProcessTree.start(command)
  if (!tree) {
    const [program] = command.trim().split(/\s+/)
    throw new RestartError(
      'command_not_found',
      `there is no program '${program}'; give the command as you would type it here`,
    )
  }
  try {
    const { prober, endpoint } = await cameUp(tree, command, fixed, options, signal)
    const processes = tree.members()
    const lines = processes.map((one) => one.command)
    const software = softwareOfCommand(lines) ?? (await softwareOfPeer(prober)) ?? runtimeOfCommand(lines)
    onStep?.(
      `${clients} clients on ${endpoint.url}; SIGTERM to ${target === 'main' ? 'the first process' : 'all processes'}`,
    )
    const watched = await watchStop(tree, prober, { target, clients, message, graceMs: grace, signal })
    if (signal.aborted) throw new RestartError('stopped', 'stopped before the end')
    if ('is' in watched) throw trouble(watched, endpoint, tree)
    return { watched, processes, url: endpoint.url, software }
  } finally {
    await tree.end()
  }
}

function trouble(
  unwatched: Exclude<Awaited<ReturnType<typeof watchStop>>, Watched>,
  { url }: Endpoint,
  tree: ProcessTree,
): RestartError {
  if (unwatched.is === 'refused') return refused(`${url}: ${unwatched.words}`)
  if (tree.exit) return new RestartError('clients_lost', 'the server ended before it was stopped')
  return new RestartError(
    'clients_lost',
    `the server ended the ${unwatched.client} client before it was stopped; give what it wants to see first: --protocol, --header, or a URL that lets idle clients stay`,
  )
}
