import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Wire tests touch the gateway only through its sockets and its admin API. They can therefore run against
 * a gateway on another runtime: HOLDFAST_RUNTIME is the path of its executable.
 */
const wireOnly = process.env.HOLDFAST_RUNTIME !== undefined

export default defineConfig({
  resolve: {
    // Tests import a package's source, so that they need no build and see one copy of each module.
    alias: [
      { find: /^@holdfast\/([\w-]+)\/([\w/-]+)$/, replacement: source('packages/$1/src/$2.ts') },
      { find: /^@holdfast\/testing$/, replacement: source('testing/src/index.ts') },
      { find: /^@holdfast\/([\w-]+)$/, replacement: source('packages/$1/src/index.ts') },
    ],
  },
  test: {
    include: wireOnly
      ? ['packages/*/test/**/*.wire.test.ts', 'testing/test/**/*.wire.test.ts']
      : [
          'packages/*/test/**/*.test.ts',
          'apps/*/test/**/*.test.ts',
          'testing/test/**/*.test.ts',
          'tools/test/**/*.test.ts',
          'examples/*/test/**/*.test.ts',
        ],
    exclude: [...configDefaults.exclude, '**/dist/**'],
    // Each of some thousand workers would spend a quarter of a second on it; rehearsal.test.ts turns it on.
    env: { HOLDFAST_REHEARSAL: 'off' },
    // Tests wait for events; this only bounds what never comes, on a machine with other things to do, too.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 45_000 } },
    // A test that fails is mended, not repeated.
    retry: 0,
    // Of the source that runs in the tests' own processes; workers and commands that they start are not counted.
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
      exclude: ['**/browser/**'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'node_modules/.cache/coverage',
    },
    pool: 'forks',
    maxWorkers: 2,
  },
})
