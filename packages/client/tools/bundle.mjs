// Makes what a browser gets: dist/in-page, and dist/holdfast-client.js, the file for a plain <script src>, which sets the
// global `Holdfast`, and the same with `resume`. In all of them platform-in-page.js and host-in-page.js take the places of platform.js and host.js. Runs on the output of tsc, after
// tools/after-build.mjs.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const input = path('../dist/index.js')
if (!existsSync(input)) {
  console.error('packages/client/dist/index.js is missing: run npm run build')
  process.exit(1)
}

const options = {
  platform: 'browser',
  logLevel: 'warn',
  resolve: {
    alias: {
      './platform.js': path('../dist/platform-in-page.js'),
      './host.js': path('../dist/host-in-page.js'),
    },
  },
}

const modules = await rolldown({
  ...options,
  input: [
    input,
    ...['transport', 'resume', 'store', 'react', 'vue', 'svelte'].map((name) => path(`../dist/${name}.js`)),
  ],
  external: ['@holdfast/close-codes', 'react', 'vue'],
})
await modules.write({ dir: path('../dist/in-page'), format: 'esm', chunkFileNames: 'client.js' })
await modules.close()

for (const [entry, file] of [
  ['index', 'holdfast-client'],
  ['resume', 'holdfast-client-resume'],
]) {
  const bundle = await rolldown({ ...options, input: path(`../dist/${entry}.js`) })
  await bundle.write({
    file: path(`../dist/${file}.js`),
    format: 'iife',
    name: 'Holdfast',
    minify: true,
    sourcemap: true,
    generatedCode: { symbols: false },
  })
  await bundle.close()
}
