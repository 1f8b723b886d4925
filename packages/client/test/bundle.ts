import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The source of the close codes: tests need no build. */
const alias = {
  '@holdfast/client/react': path('../src/react.ts'),
  '@holdfast/client/vue': path('../src/vue.ts'),
  '@holdfast/client/svelte': path('../src/svelte.ts'),
  '@holdfast/client/resume': path('../src/resume.ts'),
  '@holdfast/client': path('../src/index.ts'),
  '@holdfast/close-codes/private-codes': path('../../close-codes/src/private-codes.ts'),
  '@holdfast/close-codes': path('../../close-codes/src/index.ts'),
}

export interface BundleOptions {
  /** Relative to this folder, or absolute. */
  entry: string
  format: 'esm' | 'iife'
  /** Name of the global of an IIFE. */
  name?: string
  minify?: boolean
  /** What it is for. Default 'browser'; 'node' also for what runs on Bun and Deno. */
  platform?: 'browser' | 'node'
}

/** One file, as a user's bundler makes it. */
export async function bundle({
  entry,
  format,
  name,
  minify = false,
  platform = 'browser',
}: BundleOptions): Promise<string> {
  const input = isAbsolute(entry) ? entry : path(entry)
  // The build does this for the condition `browser`: tools/bundle.mjs.
  const inPage = (name: string) => path(`../src/${name}${platform === 'browser' ? '-in-page' : ''}.ts`)
  const build = await rolldown({
    input,
    platform,
    // That of React that warns.
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    logLevel: 'silent',
    resolve: {
      alias: { ...alias, './platform.ts': inPage('platform'), './host.ts': inPage('host') },
    },
  })
  const { output } = await build.generate({
    format,
    name,
    minify,
    intro: "'use strict'",
    generatedCode: { symbols: false },
  })
  await build.close()
  if (output.length !== 1) throw new Error(`${entry}: ${output.length} files`)
  return output[0].code
}
