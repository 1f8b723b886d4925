// Loads TypeScript of the workspace, tests and all, for the tools of this folder.
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Imports a module by its path from the root of the workspace. */
export async function fromSource(path) {
  const vite = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    logLevel: 'silent',
    resolve: {
      alias: [
        { find: /^@holdfast\/([\w-]+)\/([\w/-]+)$/, replacement: `${root}packages/$1/src/$2.ts` },
        { find: /^@holdfast\/testing$/, replacement: `${root}testing/src/index.ts` },
        { find: /^@holdfast\/([\w-]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      ],
    },
    oxc: { target: 'node20' },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  })
  return vite.ssrLoadModule(path)
}
