// Compares builds of Holdfast on a machine that does other things too: short samples, taken in turns, and the median of
// the ratios of each turn.   node bench/experiments/builds.mjs [--load ping-100,...] [--turns N] [--lts] before/main.js after/main.js
import { parseArgs } from 'node:util'
import { startGenerator } from '../lib/ask.mjs'
import { scenarios } from '../lib/scenarios.mjs'
import { launch, systems } from '../lib/systems.mjs'
import { median } from '../lib/table.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    load: { type: 'string', default: 'ping-100,flight-16,16-kib,set-up' },
    turns: { type: 'string', default: '9' },
    lts: { type: 'boolean', default: false },
  },
})
const time = { warm: 200, ms: 300 }
const { ask } = startGenerator()
const backend = await ask('listen', {})
const named = (name) => systems.find((system) => system.name === name)
const entries = [{ name: 'haproxy', proxy: await launch(named('haproxy'), { backend, cores: '1' }) }]
for (const main of positionals) {
  const system = named(flags.lts ? 'holdfast lts' : 'holdfast')
  entries.push({ name: main, proxy: await launch(system, { backend, cores: '1', main }) })
}
for (const load of flags.load.split(',')) {
  const scenario = scenarios.find(({ name }) => name === load)
  const taken = entries.map(() => [])
  for (let turn = 0; turn < Number(flags.turns) + 1; turn++) {
    for (const [i, { proxy }] of entries.entries()) {
      const { value, microseconds } = await scenario.run({ ask, proxy, time, quick: true })
      if (turn > 0) taken[i].push(value ?? microseconds)
    }
  }
  console.log(`${load}: haproxy ${median(taken[0]).toFixed(1)} (least ${Math.min(...taken[0]).toFixed(1)})`)
  for (const [i, { name }] of entries.entries()) {
    if (i === 0) continue
    const to = (j) => median(taken[i].map((value, turn) => value / taken[j][turn])).toFixed(2)
    const least = (Math.min(...taken[i]) / Math.min(...taken[0])).toFixed(2)
    console.log(`  ${name}: ${to(0)} x haproxy (of the least: ${least}), ${to(1)} x the first`)
  }
}
process.exit()
