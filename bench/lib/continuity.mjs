// What happens to clients while something behind, in or around a gateway is replaced.
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startGenerator } from './ask.mjs'
import { freePorts, listening, start, stop } from './children.mjs'
import { launchBefore } from './continuity-systems.mjs'

const backendScript = fileURLToPath(new URL('continuity-backend.mjs', import.meta.url))
const clientScript = fileURLToPath(new URL('continuity-clients.mjs', import.meta.url))

async function startBackend(port, helper) {
  const child = start('0', [process.execPath, backendScript], {
    env: { PORT: String(port), HELPER: helper ? '1' : '' },
  })
  await listening(child, port)
  return child
}

/** One backend after the other ends and is started again on its port. */
function rollingRestart(helper) {
  return async ({ backends, ports }) => {
    for (const [i, port] of ports.entries()) {
      await stop(backends[i], 'SIGTERM', 15_000)
      backends[i] = await startBackend(port, helper)
      await after(1000)
    }
  }
}

export const continuityScenarios = [
  {
    name: 'rolling-restart',
    title: 'rolling restart of 3 backends with @holdfast/restart',
    helper: true,
    quick: true,
    run: rollingRestart(true),
  },
  { name: 'rolling-end', title: 'rolling restart of 3 backends that just end', run: rollingRestart(false) },
  {
    name: 'kill',
    title: 'SIGKILL of one of 3 backends, back after 1 s',
    async run({ backends, ports }) {
      await stop(backends[0], 'SIGKILL')
      await after(1000)
      backends[0] = await startBackend(ports[0], false)
      await after(2000)
    },
  },
  {
    name: 'reload',
    title: 'reload of the gateway, another route added',
    needs: 'reload',
    async run({ proxy }) {
      await proxy.reload()
      await after(8000)
    },
  },
  {
    name: 'upgrade',
    title: "live upgrade of the gateway's program",
    needs: 'upgrade',
    async run({ proxy }) {
      proxy.upgrade()
      await after(8000)
    },
  },
  {
    name: 'drain',
    title: 'drain of the gateway, clients return to another one',
    needs: 'drain',
    async run({ ask, proxy, ports, system }) {
      const other = await launchBefore(system, ports)
      await ask('moveTo', { port: other.port })
      await ask('begin', {})
      proxy.drain()
      await after(12_000)
      return () => other.stop()
    },
  },
]

/** One scenario with one system. */
export async function runContinuity(scenario, system, connections) {
  const ports = await freePorts(3)
  const backends = []
  const clients = startGenerator(clientScript)
  let proxy
  let undo = () => {}
  try {
    for (const port of ports) backends.push(await startBackend(port, scenario.helper))
    proxy = await launchBefore(system, ports)
    await after(1000)
    const open = await clients.ask('open', { port: proxy.port, connections })
    if (open < connections) throw new Error(`only ${open} of ${connections} connections opened`)
    await after(1000)
    await clients.ask('begin', {})
    undo = (await scenario.run({ ask: clients.ask, proxy, backends, ports, system })) ?? undo
    return await clients.ask('result', {})
  } finally {
    await undo()
    await Promise.all([...backends.map((child) => stop(child)), stop(clients.child), proxy?.stop()])
  }
}

export function printContinuity(scenario, results) {
  console.log(`\n${scenario.title}`)
  for (const { system, problem, ...result } of results) {
    if (problem) console.log(`  ${system.padEnd(14)} ${problem}`)
    else console.log(`  ${system.padEnd(14)} ${inWords(result)}`)
  }
}

function inWords({ disconnects, codes, lost, doubled, longestGap, returned, busiest, overMean, away }) {
  const told = Object.entries(codes).map(([code, count]) => `${count} x ${code}`)
  const parts = [
    `${disconnects} disconnects${told.length > 0 ? ` (${told.join(', ')})` : ''}`,
    `${lost} messages lost, ${doubled} doubled`,
    `longest gap ${Math.round(longestGap)} ms`,
  ]
  if (returned > 0) parts.push(`busiest 100 ms ${busiest} returns, ${overMean.toFixed(1)} x the mean`)
  if (away > 0) parts.push(`${away} not back`)
  return parts.join('; ')
}
