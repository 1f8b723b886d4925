// Starts somebody's own server, stops it as its managers do, and says what clients see.
import { setMaxListeners } from 'node:events'
import { type Finding, finding } from '../findings.ts'
import { connect } from '../probe/connect.ts'
import { bracketed, type Endpoint, readEndpoint } from '../probe/endpoint.ts'
import { withLimit } from '../probe/limit.ts'
import { type Lookup, systemLookup } from '../probe/lookup.ts'
import { describe, Prober } from '../probe/prober.ts'
import type { HeaderList } from '../probe/request.ts'
import { seconds } from '../probe/seconds.ts'
import { runtimeOfCommand, type Software, softwareOfCommand, softwareOfPeer } from '../software/recognise.ts'
import { judge, needLines } from './judge.ts'
import { type Manager, managers, type Outcome, outcomeUnder } from './managers.ts'
import { type Member, ProcessTree } from './process-tree.ts'
import { sleep, type Target, type Watched, watchStop } from './stop.ts'

/** How a restart is checked. */
export interface RestartOptions {
  /**
   * Where the server lets WebSockets in.
   *
   * @default ws://127.0.0.1/ with the port on which the command listens (Linux only)
   */
  url?: string
  /**
   * Subprotocols to offer, in order. Source: RFC 6455 4.1.
   *
   * @default []
   */
  protocols?: readonly string[]
  /**
   * Headers to send with the handshake, such as Cookie, Authorization or Origin.
   *
   * @default []
   */
  headers?: HeaderList
  /**
   * How many clients are connected: one talks, one never answers a Close, the others are idle. At least 3.
   *
   * @default 10
   */
  clients?: number
  /**
   * What the talking client sends, as text. Where the server ends the connection for it, it sends Pings.
   *
   * @default 'holdfast check'
   */
  message?: string
  /**
   * Milliseconds from SIGTERM to SIGKILL, for all managers alike. A stop is watched for 30 s at most without it.
   *
   * @default Docker 10 s, Kubernetes 30 s, systemd 90 s
   */
  grace?: number
  /**
   * Milliseconds until the server must let a client in.
   *
   * @default 30000
   */
  start?: number
  /**
   * Finds the addresses of a name.
   *
   * @default as the system does: hosts file and DNS
   */
  lookup?: Lookup
  /**
   * Ends the check, and all that it has started.
   *
   * @default none: each step has a limit
   */
  signal?: AbortSignal
  /** Called with what happens, in English, for those who wait. */
  onStep?(words: string): void
}

/** What came of a restart. */
export interface RestartResult {
  /** The command, as it was given. */
  command: string
  /** Where clients were connected. */
  url: string
  /** The processes of the command while it served, the first one first. */
  processes: Member[]
  /** What was watched: once, or twice where the first process is not alone. */
  watched: Watched[]
  /** What each manager makes of it. */
  outcomes: Outcome[]
  /** What is wrong, and what is right. */
  findings: Finding[]
  /** Whether there is no error among the findings. */
  healthy: boolean
}

/** Why a restart could not be checked. */
export type RestartTrouble =
  | 'command_not_found'
  | 'bad_url'
  | 'port_taken'
  | 'exited'
  | 'never_listened'
  | 'refused'
  | 'clients_lost'
  | 'stopped'

/** A restart could not be checked; its message says what to do. */
export class RestartError extends Error {
  /** Which trouble it is. */
  readonly code: RestartTrouble

  /** `message` says what to do. */
  constructor(code: RestartTrouble, message: string) {
    super(message)
    this.name = 'RestartError'
    this.code = code
  }
}

/** Milliseconds that a stop is watched where no grace is given: as long as Kubernetes waits. */
const watchMs = 30_000
const lookEveryMs = 100
const stepMs = 5_000

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

function endpointOf(url: string): Endpoint {
  const { endpoint } = readEndpoint(url)
  if (endpoint) return endpoint
  throw new RestartError('bad_url', `'${url}' is not a WebSocket URL; write it like ws://localhost:3000/path`)
}

/** What answers before anything is started is somebody else. */
async function refuseTaken(
  endpoint: Endpoint,
  { lookup }: RestartOptions,
  signal: AbortSignal,
): Promise<void> {
  const addresses = await addressesOf(endpoint, lookup)
  for (const address of addresses) {
    const attempt = await withLimit(stepMs, signal, (limit) => connect(address, endpoint.port, limit))
    if (!attempt.ok) continue
    attempt.socket.destroy()
    throw new RestartError(
      'port_taken',
      `something listens on ${bracketed(address)}:${endpoint.port} already; end it first, or give the URL of the server that the command starts`,
    )
  }
}

async function addressesOf({ host }: Endpoint, lookup: Lookup = systemLookup): Promise<string[]> {
  const all = await lookup(host).catch(() => [])
  if (all.length > 0) return [...new Set(all)]
  throw new RestartError(
    'bad_url',
    `no address is known for '${host}'; give the URL as this machine can reach it`,
  )
}

/** Waits until a client is let in. */
async function cameUp(
  tree: ProcessTree,
  command: string,
  fixed: Endpoint | undefined,
  options: RestartOptions,
  signal: AbortSignal,
): Promise<{ prober: Prober; endpoint: Endpoint }> {
  const { start = watchMs } = options
  const wishes = { protocols: options.protocols ?? [], headers: options.headers ?? [] }
  const begin = performance.now()
  let last = ''
  while (performance.now() - begin < start) {
    if (signal.aborted) throw new RestartError('stopped', 'stopped before the end')
    if (tree.exit) throw exited(tree, command)
    for (const endpoint of fixed ? [fixed] : listening(tree)) {
      for (const address of await addressesOf(endpoint, options.lookup)) {
        const prober = new Prober({ endpoint, address }, wishes, stepMs, signal)
        const { accepted, answer } = await prober.attempt({})
        if (accepted) return { prober, endpoint }
        if (answer.is !== 'unreachable') last = `${endpoint.url}: ${describe(answer)}`
      }
    }
    await sleep(lookEveryMs, signal)
  }
  throw last === '' ? silent(tree, fixed, start) : refused(last)
}

/** The places on which the command listens. */
function listening(tree: ProcessTree): Endpoint[] {
  const ports = tree.members().flatMap((one) => one.ports)
  return [...new Set(ports)].map((port) => endpointOf(`ws://127.0.0.1:${port}/`))
}

function exited(tree: ProcessTree, command: string): RestartError {
  const { status, signal } = tree.exit ?? {}
  const output = tree.output.trim().split('\n').slice(-3).join(' | ')
  const said = output === '' ? 'it printed nothing' : `it printed: ${output}`
  if (tree.alive) {
    return new RestartError(
      'exited',
      'the command went into the background, where nothing can watch over it; give one that stays: without --daemon, or pm2-runtime in place of pm2',
    )
  }
  if (status === 127) {
    return new RestartError('command_not_found', `the shell finds no such program in '${command}'; ${said}`)
  }
  return new RestartError(
    'exited',
    `the command ended with ${signal ?? `status ${status}`} before it let a client in; ${said}`,
  )
}

function silent(tree: ProcessTree, fixed: Endpoint | undefined, start: number): RestartError {
  const ports = tree.members().flatMap((one) => one.ports)
  const elsewhere = ports.length > 0 ? `; it listens on ${[...new Set(ports)].join(', ')}: give that URL` : ''
  const what = fixed ? `nothing listens at ${fixed.url}` : 'the command does not listen'
  const hint = fixed || ports.length > 0 ? '' : '; give its URL, if it does where this cannot be seen'
  return new RestartError('never_listened', `${what} ${seconds(start)} after the start${elsewhere}${hint}`)
}

function refused(words: string): RestartError {
  return new RestartError(
    'refused',
    `the server lets no WebSocket in (${words}); give the URL with its path, and --protocol or --header where it wants them`,
  )
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
