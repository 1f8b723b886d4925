// The site of the close codes and the guide, which `npm run site` builds beside this file: served by the admin port and by
// `holdfast docs`.
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the build puts the site. */
export const siteFolder = fileURLToPath(new URL('../site', import.meta.url))

/** What is at a path of the site. */
export type SiteAnswer =
  | { found: 'file'; body: Buffer; contentType: string }
  /** A folder without its slash: relative links would lead astray. */
  | { found: 'folder'; location: string }
  | { found: 'nothing' }

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
}

/**
 * Reads what a request path leads to. Names of the site are plain: anything else, `..` and escapes among it, is not there.
 *
 * @param path - Without query, relative to the site's root: 'en/1012/'. '' is the first page.
 * @param folder - Where the site lies. Default: in this package.
 */
export async function siteAnswer(path: string, folder = siteFolder): Promise<SiteAnswer> {
  const segments = path.split('/')
  const last = segments.pop()!
  if (!segments.every((segment) => /^[\w-]+$/.test(segment)) || !/^([\w-][\w.-]*)?$/.test(last))
    return { found: 'nothing' }
  const name = last || 'index.html'
  const body = await readFile(join(folder, ...segments, name)).catch(() => undefined)
  if (body) return { found: 'file', body, contentType: types[extname(name)] ?? 'application/octet-stream' }
  const index = last && (await readFile(join(folder, ...segments, last, 'index.html')).catch(() => undefined))
  return index ? { found: 'folder', location: `${last}/` } : { found: 'nothing' }
}
