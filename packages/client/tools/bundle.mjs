// Makes dist/holdfast-client.js, the file for a plain <script src>: it sets the global `Holdfast`. Runs on the output
// of tsc, after tools/after-build.mjs.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const input = path('../dist/index.js')
if (!existsSync(input)) {
  console.error('packages/client/dist/index.js is missing: run npm run build')
  process.exit(1)
}

const bundle = await rolldown({ input, platform: 'browser', logLevel: 'warn' })
await bundle.write({
  file: path('../dist/holdfast-client.js'),
  format: 'iife',
  name: 'Holdfast',
  minify: true,
  sourcemap: true,
})
await bundle.close()
