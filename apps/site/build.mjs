// Builds the site: the scripts of its pages, its style, and the pages themselves. Runs after tsc.
//   node apps/site/build.mjs [OUT] [--url https://docs.example.com/]
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'
import { files } from './dist/generator/files.js'
import { pictures } from './dist/generator/guide/guide-pages.js'
import { repository } from './dist/generator/repository.js'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const { values, positionals } = parseArgs({ options: { url: { type: 'string' } }, allowPositionals: true })
if (positionals.length > 1 || (values.url && !/^https?:\/\/.*\/$/.test(values.url))) {
  console.error(
    'usage: npm run site -- [OUT] [--url https://docs.example.com/]   (the address ends in a slash)',
  )
  process.exit(2)
}
const begin = performance.now()
// The gateway's package carries the site, so that its admin port can serve it.
const out = resolve(positionals[0] ?? path('../../packages/gateway/dist/site'))

/** Parts of scripts, and not scripts of a page. */
const shared = ['elements.ts', 'try-pane.ts', 'workers.ts']

async function bundleScripts() {
  const folder = path('src/browser')
  const input = Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !shared.includes(name))
      .map((name) => [name.replace('.ts', ''), join(folder, name)]),
  )
  const build = await rolldown({ input, platform: 'browser', logLevel: 'warn' })
  await build.write({
    dir: join(out, 'assets'),
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'part-[hash].js',
  })
  await build.close()
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await bundleScripts()
cpSync(path('assets'), join(out, 'assets'), { recursive: true })
for (const picture of pictures(repository))
  cpSync(join(repository, picture), join(out, 'assets', picture.slice('docs/'.length)))
let count = 0
for (const [name, content] of files(values)) {
  const file = join(out, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  count++
}
console.log(`${count} files in ${out}, ${((performance.now() - begin) / 1000).toFixed(1)} s`)
if (!values.url) console.log('no sitemap without --url, the address at which the site will be')
