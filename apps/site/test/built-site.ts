// The site as it is built, on a plain file server below a folder, in a real browser.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../build.mjs', import.meta.url))

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

export interface BuiltSite extends AsyncDisposable {
  /** Where it is, with a sub-path: `http://127.0.0.1:40000/some/folder/`. */
  readonly url: string
  readonly folder: string
}

/** Builds the site and serves it, as a file server does that knows nothing of it. */
export async function serveBuiltSite(): Promise<BuiltSite> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-site-'))
  const { status, stderr } = spawnSync(process.execPath, [build, folder], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the site was not built: ${stderr}`)
  const prefix = '/some/folder/'
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://site')
    const file = join(folder, decodeURIComponent(pathname.slice(prefix.length)))
    const found = existsSync(file) && statSync(file).isDirectory() ? join(file, 'index.html') : file
    if (!pathname.startsWith(prefix) || !existsSync(found)) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': types[extname(found)] ?? 'application/octet-stream' })
    return response.end(readFileSync(found))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    folder,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}
