#!/usr/bin/env node
// The command, there before the build so that npm can link it in a fresh clone.
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write('holdfast: not built yet; run `npm run build` first\n')
  process.exitCode = 2
}
