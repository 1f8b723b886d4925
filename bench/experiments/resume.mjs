// What a route with resume costs beside a plain one, on a machine that does other things too: short samples, taken in turns,
// and the median of the ratios of each turn. --systems compares any two, or more: with the first one.
//   node bench/experiments/resume.mjs [--load ping-100,...] [--turns N] [--systems 'holdfast lts,holdfast hold'] [main.js]
import { parseArgs } from 'node:util'
import { startGenerator } from '../lib/ask.mjs'
import { scenarios } from '../lib/scenarios.mjs'
import { launch, systems } from '../lib/systems.mjs'
import { median } from '../lib/table.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    load: { type: 'string', default: 'ping-100,16-kib,idle-memory' },
    turns: { type: 'string', default: '15' },
    systems: { type: 'string', default: 'holdfast,holdfast resume' },
  },
})
const time = { warm: 200, ms: 300 }
const { ask } = startGenerator()
const backend = await ask('listen', {})
const start = (name) =>
  launch(
    systems.find((system) => system.name === name),
    { backend, cores: '1', main: positionals[0] },
  )
const names = flags.systems.split(',')
const running = []
for (const name of names) running.push(await start(name))
for (const load of flags.load.split(',')) {
  const scenario = scenarios.find(({ name }) => name === load)
  const taken = names.map(() => [])
  const sample = async (i, proxy) => {
    const { value, microseconds } = await scenario.run({ ask, proxy, time, quick: true })
    taken[i].push(value ?? microseconds)
  }
  for (let turn = 0; turn < (scenario.fresh ? 2 : Number(flags.turns)); turn++) {
    for (const [i, name] of names.entries()) {
      const own = scenario.fresh ? await start(name) : undefined
      await sample(i, own ?? running[i])
      await own?.stop()
    }
  }
  const [first] = taken
  for (const [i, samples] of taken.entries()) {
    const ratio = median(samples.map((value, turn) => value / first[turn])).toFixed(2)
    const least = (Math.min(...samples) / Math.min(...first)).toFixed(2)
    const figures = `${median(samples).toFixed(2)} (least ${Math.min(...samples).toFixed(2)})`
    console.log(`${load}, ${scenario.unit}: ${names[i]} ${figures}: ${ratio} x, of the least ${least} x`)
  }
}
process.exit()
