import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { siteAnswer } from '@holdfast/gateway'
import { type Command, InvalidArgumentError } from 'commander'
import { Failure, type Io } from '../output.ts'

interface DocsFlags {
  port: number
}

export function registerDocs(program: Command, io: Io): void {
  program
    .command('docs')
    .summary('read the documentation and the close codes in a browser')
    .description(
      'Serve the guide, the reference of close codes in seven languages and the tools on this machine, until Ctrl-C. ' +
        'Nothing is asked of any other server.',
    )
    .option('--port <n>', 'port on 127.0.0.1; 0 lets the system choose', portNumber, 0)
    .action((flags: DocsFlags) => docs(flags, io))
}

async function docs({ port }: DocsFlags, io: Io): Promise<void> {
  if ((await siteAnswer('')).found !== 'file')
    throw new Failure(1, 'the site is not in this build; in a checkout `npm run site` builds it')
  const server = http.createServer({ requestTimeout: 10_000 }, (request, response) => {
    void answer(request.url ?? '/', request.method ?? '', response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Failure(
          2,
          error.code === 'EADDRINUSE'
            ? `port ${port} is taken; choose another with --port, or leave it out`
            : `cannot listen on port ${port}: ${error.message}`,
        ),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  io.stdout.write(
    `holdfast docs at http://127.0.0.1:${(server.address() as AddressInfo).port}/ (Ctrl-C ends it)\n`,
  )
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  server.close()
  server.closeAllConnections()
}

async function answer(target: string, method: string, response: ServerResponse): Promise<void> {
  const path = target.split(/[?#]/, 1)[0]!.slice(1)
  if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'use GET here')
  const found = await siteAnswer(path)
  if (found.found === 'nothing') return end(response, 404, 'there is no such page')
  if (found.found === 'folder') {
    response.setHeader('location', found.location)
    return end(response, 308, '')
  }
  response.writeHead(200, {
    'content-type': found.contentType,
    'content-length': found.body.length,
    'x-content-type-options': 'nosniff',
  })
  response.end(method === 'HEAD' ? undefined : found.body)
}

function end(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(words && `${words}\n`)
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('Give a port from 0 to 65535.')
}
