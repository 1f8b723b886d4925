import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Command, InvalidArgumentError } from 'commander'
import { Failure, type Io } from '../output.ts'
import { answerFromSite, hasSite, noSite } from '../site-server.ts'

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
  if (!(await hasSite())) throw new Failure(1, noSite)
  const server = http.createServer({ requestTimeout: 10_000 }, (request, response) => {
    const [path] = (request.url ?? '/').split(/[?#]/, 1) as [string]
    void answerFromSite(path.slice(1), request.method ?? '', response)
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

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('Give a port from 0 to 65535.')
}
