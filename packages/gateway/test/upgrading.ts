// What the tests of live upgrades have in common.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  awaitedLater,
  type Holdfast,
  type HoldfastOptions,
  runHoldfast,
  runtime,
  startHoldfast,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import type { UpgradeInfo } from '../src/core/snapshot.ts'
import type { GatewayState } from '../src/operate/operations.ts'

/** Bun cannot hand sockets to other processes. */
export const onNode: typeof test = test.skipIf(runtime().name === 'bun') as typeof test

/** Who has not moved at the deadline is cut: on a machine with much else to do a move may take long. */
export const drain = { spread: '100ms', deadline: '60s', retry: ['1s', '2s'] }

/** As an upstream in a test's own process may need, beside all that the test does. */
const timeouts = { connect: '20s', handshake: '30s' }

interface Route {
  timeouts?: object
  [setting: string]: unknown
}

/**
 * A gateway with two workers and one route, which tells clients in band that get no connection. It tries no new version first,
 * unless told to: what is tested is mostly the move itself.
 */
export function serve(
  upstream: string,
  { config, ...more }: HoldfastOptions & { config?: object } = {},
): Promise<Holdfast> {
  const all: Route[] = [{ name: 'all', upstreams: [upstream], badGateway: 'close' }]
  const given = config && 'routes' in config ? (config.routes as Route[]) : all
  const routes = given.map((route) => ({ ...route, timeouts: { ...timeouts, ...route.timeouts } }))
  const own = config && 'upgrade' in config ? (config.upgrade as object) : {}
  const upgrade = { canary: 'off', ...own }
  return startHoldfast({ ...more, config: { workers: 2, drain, ...config, routes, upgrade } })
}

export async function state(holdfast: Holdfast): Promise<GatewayState> {
  return (await holdfast.api('/api/state')).body as GatewayState
}

/** Upgrades and waits for the end. */
export function upgrade(holdfast: Holdfast): Promise<UpgradeInfo> {
  return awaitedLater(upgraded(holdfast))
}

async function upgraded(holdfast: Holdfast): Promise<UpgradeInfo> {
  const signal = AbortSignal.timeout(120_000)
  const { status, body } = await holdfast.api('/api/upgrade', { method: 'POST', signal })
  expect({ status, body }).toMatchObject({ status: 200 })
  return body as UpgradeInfo
}

/** A folder that ends with the test: for temporary files, the pid file, a socket. */
export function ownFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hf-'))
  const pidFile = join(folder, 'pid')
  return {
    folder,
    pidFile,
    env: { TMPDIR: folder, RUNTIME_DIRECTORY: '' },
    pid: () => Number(readFileSync(pidFile, 'utf8')),
    temporary: () => readdirSync(folder).filter((name) => name.startsWith('holdfast-')),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Replaces the supervisor; the result is what the command printed. */
export function replace(holdfast: Holdfast): Promise<string> {
  return awaitedLater(replaced(holdfast))
}

async function replaced(holdfast: Holdfast): Promise<string> {
  const done = await runHoldfast(['upgrade', '--supervisor', '--admin', holdfast.admin!])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  return done.stdout
}

/** The first process ends when the last supervisor has; all clients have been told. */
export async function stop(holdfast: Holdfast, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  holdfast.signal(signal)
  expect(await holdfast.exited).toMatchObject({ code: 0 })
}
