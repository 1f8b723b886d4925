import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runtime } from '@holdfast/testing'
import { describe, it } from 'vitest'
import { conformance } from './conformance.ts'

/** Bun, when the tests run for it or when tools/other-runtimes.mjs has brought it. */
function bun(): string | undefined {
  const { name, path } = runtime()
  if (name === 'bun') return path
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  const folder = `../../../node_modules/.cache/runtimes/node_modules/@oven/bun-${process.platform}-${arch}`
  const brought = fileURLToPath(new URL(`${folder}/bin/bun`, import.meta.url))
  return existsSync(brought) ? brought : undefined
}

const path = bun()

if (path) {
  conformance({ name: 'Bun.serve', script: 'bun.mjs', runtime: path, endsBehindClose: true })
} else {
  describe.skip('Bun.serve: skipped, since there is no Bun here; node tools/other-runtimes.mjs bun brings it', () => {
    it('tells its clients 1012', () => {})
  })
}
