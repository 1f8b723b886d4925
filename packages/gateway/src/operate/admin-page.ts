// The operator's page: files that a build has put beside this one, read once. Without them there is only the API.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AdminRoute } from './admin-http.ts'
import { compressible, problem } from './admin-http.ts'
import { siteAnswer } from './site-files.ts'

/** Where the build puts the page. */
export const pageFolder = fileURLToPath(new URL('../page', import.meta.url))

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

/**
 * What is below `/docs/`: the site, if it was built. It shows nothing of the gateway. Its policy is in its pages.
 */
export function docsRoute(path: string, folder?: string): AdminRoute | undefined {
  if (path !== '/docs' && !path.startsWith('/docs/')) return undefined
  return {
    path,
    admits: 'strangers',
    methods: {
      GET: async () => {
        if (path === '/docs') return { status: 308, body: {}, headers: { location: '/docs/' } }
        const answer = await siteAnswer(path.slice('/docs/'.length), folder)
        if (answer.found === 'nothing')
          return problem(404, 'not_found', 'there is no such page; `npm run site` builds the site')
        if (answer.found === 'folder')
          return { status: 308, body: {}, headers: { location: answer.location } }
        const { body, contentType } = answer
        return { status: 200, body, contentType, headers: { 'cache-control': 'no-cache' } }
      },
    },
  }
}

/** Whether the one who asks would rather see a page than JSON. */
export function wantsPage(accept = ''): boolean {
  return accept.split(',').some((type) => type.trim().split(';')[0] === 'text/html')
}
