// The operator's page: files that a build has put beside this one, read once. Without them there is only the API.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compressible } from './admin-http.ts'
import type { AdminRoute } from './admin-routes.ts'

/** Where the build puts the page. */
export const pageFolder = fileURLToPath(new URL('./page', import.meta.url))

/** The page is all it needs: nothing inline, and nothing from any other place. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ')

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** The page's files as routes. They show nothing of the gateway: strangers need them to log in. */
export function pageRoutes(folder: string): AdminRoute[] {
  if (!existsSync(join(folder, 'index.html'))) return []
  const assets = join(folder, 'assets')
  return [
    fileRoute('/', join(folder, 'index.html')),
    // Their names change with what is in them.
    ...readdirSync(assets).map((name) =>
      fileRoute(`/assets/${name}`, join(assets, name), 'public, max-age=31536000, immutable'),
    ),
  ]
}

function fileRoute(path: string, file: string, cache = 'no-cache'): AdminRoute {
  const answer = compressible(readFileSync(file))
  const contentType = types[extname(file)] ?? 'application/octet-stream'
  return {
    path,
    admits: 'strangers',
    methods: {
      GET: ({ incoming }) => {
        const file = answer(incoming.headers['accept-encoding'])
        const headers = { ...file.headers, 'cache-control': cache, 'content-security-policy': policy }
        return { ...file, contentType, headers }
      },
    },
  }
}

/** Whether the one who asks would rather see a page than JSON. */
export function wantsPage(accept = ''): boolean {
  return accept.split(',').some((type) => type.trim().split(';')[0] === 'text/html')
}
