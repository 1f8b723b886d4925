// The layers of one endpoint, from its URL to a large message, until one makes the next impossible.
import { type Finding, finding, type Layer, type Level } from '../findings.ts'
import { softwareBehind } from '../software/recognise.ts'
import { readAccept } from './accept.ts'
import { close } from './close.ts'
import { connect, reach } from './connect.ts'
import type { DialTarget } from './dial-target.ts'
import type { Endpoint, readEndpoint } from './endpoint.ts'
import { idle } from './idle.ts'
import { largeMessage } from './large-message.ts'
import { withLimit } from './limit.ts'
import { type Lookup, lookUp } from './lookup.ts'
import { ping } from './ping.ts'
import { Prober, type Reply } from './prober.ts'
import type { Wishes } from './request.ts'
import { judgeCertificate, startTls, tlsFailure } from './secure.ts'
import { Session } from './session.ts'
import { explainUpgrade } from './upgrade.ts'
import type { Wire } from './wire.ts'

/** What was found in one layer. */
export interface LayerReport {
  /** Which layer it is about. */
  layer: Layer
  /** The worst of its findings. */
  level: Level
  /** Milliseconds that it took. */
  ms: number
  /** At least one; one of level 'ok' where nothing is wrong. */
  findings: Finding[]
}

export interface WalkOptions {
  wishes: Wishes
  /** Milliseconds for each step. */
  timeout: number
  /** Milliseconds of silence to survive. */
  idle: number
  ca?: string
  lookup: Lookup
  /** Unix milliseconds, to judge certificates by. */
  now: () => number
  signal: AbortSignal
  onLayer(report: LayerReport): void
}

/** What a walk came to know. */
export interface Walked {
  layers: LayerReport[]
  /** To ask further; absent when no request was possible. */
  prober?: Prober
  /** The answer to the first handshake. */
  answer?: Reply['answer']
}

/** Walks through the layers. Never rejects; when the signal fires it ends with what it knows by then. */
export async function walk(read: ReturnType<typeof readEndpoint>, options: WalkOptions): Promise<Walked> {
  const layers: LayerReport[] = []
  const walked: Walked = { layers }
  const step: Step = async (layer, run) => {
    if (options.signal.aborted) return undefined
    const begin = performance.now()
    const result = await run()
    // What a layer says that was stopped in the middle is not the truth about it.
    if (options.signal.aborted) return undefined
    const { findings, ms = performance.now() - begin } = result
    const report = { layer, level: worst(findings), ms, findings }
    layers.push(report)
    options.onLayer(report)
    return result
  }
  await step('url', async () => ({ findings: [read.finding] }))
  if (!read.endpoint) return walked
  const target = await connectable(read.endpoint, options, step)
  if (!target) return walked
  const prober = new Prober(target, options.wishes, options.timeout, options.signal)
  walked.prober = prober
  const reply = await webSocket(prober, options, step)
  if (!reply) return walked
  walked.answer = reply.answer
  // How it stops matters once it works; and one that fails is not asked odd questions.
  if (layers.every(({ level }) => level !== 'error')) {
    const begin = performance.now()
    const software = await softwareBehind(reply, prober)
    const ms = performance.now() - begin
    if (software)
      await step('server', async () => ({ findings: [finding(software, {}, { layer: 'server' })], ms }))
  }
  return walked
}

type Result = { findings: Finding[]; ms?: number }

/** Runs one layer and reports it; undefined when the signal fired. */
type Step = <T extends Result>(layer: Layer, run: () => Promise<T>) => Promise<T | undefined>

/** The layers below HTTP. */
async function connectable(
  endpoint: Endpoint,
  options: WalkOptions,
  step: Step,
): Promise<DialTarget | undefined> {
  const { timeout, signal, ca } = options
  const names = await step('dns', async () => {
    const { addresses, finding } = await withLimit(timeout, signal, (it) =>
      lookUp(endpoint, options.lookup, timeout, it),
    )
    return { addresses, findings: [finding] }
  })
  if (!names || names.addresses.length === 0) return undefined
  const tcp = await step('tcp', async () => {
    const found = await withLimit(timeout, signal, (it) => reach(endpoint, names.addresses, it, timeout))
    return { address: found.address, findings: [found.finding] }
  })
  if (!tcp?.address) return undefined
  const target: DialTarget = { endpoint, address: tcp.address, ...(ca !== undefined && { ca }) }
  if (!endpoint.secure) return target
  const tls = await step('tls', async () => ({ findings: await certificate(target, options) }))
  // Headers may hold secrets: nothing is sent to a server that cannot show who it is.
  return tls && worst(tls.findings) !== 'error' ? target : undefined
}

async function certificate({ endpoint, address, ca }: DialTarget, options: WalkOptions): Promise<Finding[]> {
  const { timeout, signal } = options
  return withLimit(timeout, signal, async (limit) => {
    const tcp = await connect(address, endpoint.port, limit)
    if (!tcp.ok) return [tlsFailure(tcp.code, endpoint, timeout)]
    const { socket, code } = await startTls(tcp.socket, endpoint, limit, ca)
    if (!socket) return [tlsFailure(code, endpoint, timeout)]
    const findings = judgeCertificate(socket, endpoint, options.now())
    socket.destroy()
    return findings
  })
}

/** The layers from HTTP on. */
async function webSocket(prober: Prober, options: WalkOptions, step: Step): Promise<Reply | undefined> {
  let reply: Reply | undefined
  try {
    await step('upgrade', async () => {
      reply = await prober.ask()
      return { findings: [await explainUpgrade(reply, prober)], ms: reply.ms }
    })
    if (reply?.wire) await behindSwitch(reply, reply.wire, prober, options, step)
  } finally {
    reply?.wire?.destroy()
  }
  return reply
}

async function behindSwitch(
  reply: Reply,
  wire: Wire,
  prober: Prober,
  options: WalkOptions,
  step: Step,
): Promise<void> {
  if (reply.answer.is !== 'answer') return
  const { agreed, findings } = readAccept(reply.answer, reply.request.key, options.wishes.protocols)
  const accepted = await step('accept', async () => ({ findings, ms: 0 }))
  if (accepted && worst(findings) !== 'error') {
    await conversation(new Session(wire, agreed), prober, options, step)
  }
}

/** After these there is no use in asking further: every connection ends before anything can be tried. */
const final = /^(lost-after-upgrade|closed-|subprotocol-wanted|frames-broken)/

async function conversation(
  session: Session,
  prober: Prober,
  options: WalkOptions,
  step: Step,
): Promise<void> {
  const one = async (finding: Promise<Finding>) => ({ findings: [await finding] })
  const pinged = await step('ping', () => one(ping(session, prober)))
  const code = pinged?.findings[0]?.code ?? ''
  if (!pinged || final.test(code)) return
  const pongs = code === 'pong-came'
  await step('close', () => one(close(session, prober)))
  await step('idle', () => one(idle(prober, options.idle, pongs)))
  // Without Pongs nothing proves that a message was read.
  if (pongs) await step('large-message', () => one(largeMessage(prober)))
}

const order: Level[] = ['ok', 'hint', 'warning', 'error']

/** The worst level of the findings. */
export function worst(findings: readonly Finding[]): Level {
  return order[Math.max(0, ...findings.map(({ level }) => order.indexOf(level)))]!
}
