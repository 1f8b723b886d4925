import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Lets an HTTP server listen on a free port, until it is disposed of. */
export async function listenable(server: Server): Promise<AsyncDisposable & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
