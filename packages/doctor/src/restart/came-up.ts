// Waits until a server that was started lets a client in, and says why it does not.

import { connect } from '../probe/connect.ts'
import { bracketed, type Endpoint, readEndpoint } from '../probe/endpoint.ts'
import { withLimit } from '../probe/limit.ts'
import { type Lookup, systemLookup } from '../probe/lookup.ts'
import { describe, Prober } from '../probe/prober.ts'
import { seconds } from '../probe/seconds.ts'
import type { ProcessTree } from './process-tree.ts'
import { RestartError, type RestartOptions, watchMs } from './restart-options.ts'
import { sleep } from './stop.ts'

const lookEveryMs = 100

const stepMs = 5_000

export function endpointOf(url: string): Endpoint {
  const { endpoint } = readEndpoint(url)
  if (endpoint) return endpoint
  throw new RestartError('bad_url', `'${url}' is not a WebSocket URL; write it like ws://localhost:3000/path`)
}

/** What answers before anything is started is somebody else. */
export async function refuseTaken(
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
export async function cameUp(
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

export function refused(words: string): RestartError {
  return new RestartError(
    'refused',
    `the server lets no WebSocket in (${words}); give the URL with its path, and --protocol or --header where it wants them`,
  )
}
