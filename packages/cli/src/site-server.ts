// Answers requests from the built site: for `holdfast docs` and for the page "Try it" of the demo.
import type { ServerResponse } from 'node:http'
import { siteAnswer } from '@holdfast/gateway'

/** What is said where there is none. */
export const noSite = 'the site is not in this build; in a checkout `npm run site` builds it'

/** Whether the site was built. */
export async function hasSite(): Promise<boolean> {
  return (await siteAnswer('')).found === 'file'
}

/** Answers with what the site has at a path, which is relative to its root and without a query. */
export async function answerFromSite(path: string, method: string, response: ServerResponse): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return inWords(response, 405, 'use GET here')
  const found = await siteAnswer(path)
  if (found.found === 'nothing') return inWords(response, 404, 'there is no such page')
  if (found.found === 'folder') return forward(response, found.location)
  response.writeHead(200, {
    'content-type': found.contentType,
    'content-length': found.body.length,
    'x-content-type-options': 'nosniff',
  })
  response.end(method === 'HEAD' ? undefined : found.body)
}

export function forward(response: ServerResponse, location: string): void {
  response.writeHead(308, { location })
  response.end()
}

function inWords(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${words}\n`)
}
