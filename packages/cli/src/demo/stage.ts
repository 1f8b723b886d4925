// What the stories of the demo are about: three backends behind a gateway, all of which can be restarted.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { UpgradeInfo } from '@holdfast/gateway'
import type { Plan, Restart } from './plan.ts'
import { freePort, untilListening } from './ports.ts'
import type { Processes } from './processes.ts'
import { selfSigned } from './self-signed.ts'
import { type Listening, startBackend, startGateway } from './start.ts'

/** Milliseconds beyond its plan after which a step counts as failed. */
export const timeoutMs = 10_000

export const backendCount = 3

/** Where clients are held while their backend restarts; elsewhere they are told. */
export const holdPath = '/hold'

/** Where clients keep their session when the network breaks. */
export const resumePath = '/resume'

/** Asks the gateway with this admin port to upgrade itself; resolves when it has. */
export type Upgrade = (admin: string) => Promise<UpgradeInfo>

export class Stage {
  readonly plan: Plan
  readonly #processes: Processes
  readonly #backends: Listening[]
  readonly #upgrade: Upgrade
  #gateway: Listening & { admin?: string }
  readonly #secure: SecureListener

  private constructor(
    processes: Processes,
    plan: Plan,
    upgrade: Upgrade,
    backends: Listening[],
    gateway: Listening,
    secure: SecureListener,
  ) {
    this.#processes = processes
    this.plan = plan
    this.#upgrade = upgrade
    this.#backends = backends
    this.#gateway = gateway
    this.#secure = secure
  }

  /** Starts everything. */
  static async set(processes: Processes, plan: Plan, upgrade: Upgrade): Promise<Stage> {
    const names = Array.from({ length: backendCount }, (_, i) => backendName(i))
    const backends = await Promise.all(names.map((name) => startBackend(processes, backendInit(name, plan))))
    const secure = await secureListener(processes)
    const gateway = await startGateway(processes, gatewayConfig(backends, plan), undefined, [secure])
    return new Stage(processes, plan, upgrade, backends, gateway, secure)
  }

  /** Of the gateway. */
  get url(): string {
    return `ws://127.0.0.1:${this.#gateway.port}`
  }

  /** The same over TLS. */
  get secureUrl(): string {
    return `wss://${this.#secure.address}`
  }

  get backends(): readonly Listening[] {
    return this.#backends
  }

  get gateway(): Listening & { admin?: string } {
    return this.#gateway
  }

  /** Stops a backend and starts it again on its port; `starting` is called in between. */
  async restartBackend(i: number, starting: () => void): Promise<void> {
    const old = this.#backends[i]!
    old.signal('SIGTERM')
    await gone(old, this.plan.backend)
    starting()
    this.#backends[i] = await startBackend(this.#processes, backendInit(backendName(i), this.plan, old.port))
  }

  async restartGateway(starting: () => void): Promise<void> {
    const old = this.#gateway
    old.signal('SIGTERM')
    // It stops listening at once and goes on taking leave of its clients; the next one can begin meanwhile.
    await untilListening(old.port, false, AbortSignal.timeout(timeoutMs))
    starting()
    const config = gatewayConfig(this.#backends, this.plan)
    this.#gateway = await startGateway(this.#processes, config, old.port, [this.#secure])
    await gone(old, this.plan.gateway)
  }

  /** Workers of the code now on disk take the gateway's connections over; how many they are. */
  async upgradeGateway(): Promise<number> {
    return (await this.#upgrade(this.#gateway.admin!)).moved
  }
}

interface SecureListener {
  address: string
  tls: { cert: string; key: string }
}

async function secureListener(processes: Processes): Promise<SecureListener> {
  const folder = processes.folder()
  const { cert, key } = selfSigned()
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await writeFile(tls.cert, cert)
  await writeFile(tls.key, key, { mode: 0o600 })
  return { address: `127.0.0.1:${await freePort()}`, tls }
}

export function backendName(i: number): string {
  return `backend ${i + 1}`
}

/** Waits for a process that was told to end, at the latest until all its clients must be gone. */
async function gone({ exited }: Listening, { spread }: Restart): Promise<void> {
  const limit = new AbortController()
  const late = pause(spread + timeoutMs, undefined, { signal: limit.signal }).catch(() => {})
  await Promise.race([exited, late])
  limit.abort()
}

function backendInit(name: string, { backend: { spread, retry } }: Plan, port?: number) {
  return { name, port, restart: { spread, retry, deadline: spread + timeoutMs / 2 } }
}

function gatewayConfig(backends: readonly Listening[], { gateway: { spread, retry } }: Plan): object {
  const drain = {
    spread: `${spread}ms`,
    retry: retry.map((ms) => `${ms}ms`),
    deadline: `${spread + timeoutMs / 2}ms`,
  }
  const upstreams = backends.map(({ port }) => `ws://127.0.0.1:${port}`)
  const routes = [
    { name: 'hold', match: { path: holdPath }, upstreams, hold: { for: '10s', state: 'none' } },
    { name: 'resume', match: { path: resumePath }, upstreams, resume: { for: '30s' } },
    { name: 'echo', upstreams },
  ]
  // As short as it can be while the demo's clients still see that the old workers are there.
  return { admin: '127.0.0.1:0', workers: 2, drain, upgrade: { settle: '1s' }, routes }
}
