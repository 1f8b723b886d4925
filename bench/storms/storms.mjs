// What the reconnecting clients of this world do to a gateway whose upstream is away, and how long they take to come back.
// See docs/storms.md.
//   npm run bench -- --storms [--quick] [--only NAME,...]      names of situations, ways, libraries, `crowd`
// Ends with 1 when a library does worse through Holdfast than through nginx.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { startGenerator } from '../lib/ask.mjs'
import { inChromium, missing as noChromium } from './browser.mjs'
import { libraries as all, install, versionOf } from './libraries.mjs'
import { markdown } from './report.mjs'
import { evenness, judge, summaryOf } from './rules.mjs'
import { run, situations } from './situations.mjs'
import { ways } from './ways.mjs'

/** Clients of the crowd: so many of each library that they are a thousand. */
const crowdSize = 1000

async function labelled() {
  return Promise.all(
    all().map(async (library) => {
      const name = (await library.load()).library
      return { ...library, label: [name, versionOf(name)].filter(Boolean).join(' ') }
    }),
  )
}

const say = (text) => process.stderr.write(`\r${text.padEnd(70)}`)

/** Every library in every situation on every way; what could not be had is named. */
async function compare({ ask, backend, libraries, ways: some, situations: them, pages }) {
  const results = []
  for (const situation of them) {
    for (const way of some) {
      say(`${situation.name}: ${way.name}`)
      const opened = await way.open(backend, ask)
      try {
        const seen = await run(situation, { way: opened, ask, libraries, pages, count: 1 })
        for (const { library, problem, clients } of seen.libraries)
          results.push({ situation: situation.name, way: way.name, library, problem, clients })
      } finally {
        await opened.stop()
      }
    }
  }
  return results
}

/** A thousand clients at once after an outage of three seconds. */
async function crowd({ ask, backend, libraries, ways: some }) {
  const count = Math.ceil(crowdSize / libraries.length)
  const results = []
  for (const way of some) {
    say(`crowd: ${way.name}`)
    const opened = await way.open(backend, ask)
    try {
      const situation = situations.find(({ name }) => name === 'back-3')
      const seen = await run(situation, { way: opened, ask, libraries, pages: 1, count })
      const { clients, connections, gaveUp, away } = summaryOf(
        seen.libraries.flatMap(({ clients }) => clients),
      )
      results.push({
        way: way.name,
        clients,
        connections,
        gaveUp,
        away,
        upstream: evenness(seen.handshakes),
        gateway: evenness(seen.dials),
      })
    } finally {
      await opened.stop()
    }
  }
  return results
}

/** Runs it all; true when no rule is broken. */
export async function storms({ quick, only }) {
  const failed = install()
  if (failed) throw new Error(`the client libraries cannot be installed: ${failed}`)
  const known = await labelled()
  const pick = (things, otherwise) => {
    const named = things.filter(({ name }) => only.includes(name))
    return named.length > 0 ? named : things.filter(otherwise)
  }
  const lacking = ways.filter(({ missing }) => missing?.())
  for (const { name, missing } of lacking) console.log(`missing: ${name} (${missing()})`)
  const chosen = pick(known, () => true)
  const browser = noChromium() ? undefined : await inChromium(chosen)
  if (!browser) console.log(`missing: Chromium (${noChromium()})`)
  const { ask } = startGenerator(fileURLToPath(new URL('backend.mjs', import.meta.url)))
  const common = {
    ask,
    backend: await ask('listen', {}),
    ways: pick(ways, () => true).filter((way) => !lacking.includes(way)),
    pages: quick ? 2 : 5,
  }
  const situation = ({ onlyNamed, away }) => !onlyNamed && (!quick || away < 60_000)
  const onlyCrowd = only.includes('crowd') && !situations.some(({ name }) => only.includes(name))
  const results = await compare({
    ...common,
    libraries: [...chosen, ...(browser?.libraries ?? [])],
    situations: onlyCrowd ? [] : pick(situations, situation),
  })
  await browser?.close()
  const withCrowd = only.length === 0 || only.includes('crowd')
  const crowds = withCrowd ? await crowd({ ...common, libraries: chosen }) : []
  say('')
  return finish({ quick, only, pages: common.pages, results, crowds })
}

function finish({ quick, only, pages, results, crowds }) {
  const date = new Date().toISOString()
  const machine = `${cpus().length} cores of ${cpus()[0].model}, Linux ${release()}, Node ${process.versions.node}`
  const flags = [quick && '--quick', only.length > 0 && `--only ${only.join(',')}`].filter(Boolean)
  const command = ['npm run bench -- --storms', ...flags].join(' ')
  const broken = judge(results, crowds)
  const file = new URL(`../results/storms-${date.slice(0, 16).replace(/:/g, '')}.json`, import.meta.url)
  mkdirSync(new URL('.', file), { recursive: true })
  const result = { date, command, machine, clients: pages, results, crowds, broken }
  writeFileSync(file, `${JSON.stringify(result)}\n`)
  console.log(`\r${markdown(result)}\n\n${fileURLToPath(file)}`)
  for (const line of broken) console.error(`worse: ${line}`)
  if (broken.length === 0) console.log('no library does worse through Holdfast than through nginx')
  return broken.length === 0
}
