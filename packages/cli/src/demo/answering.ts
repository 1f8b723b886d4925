// Servers that are none for WebSockets: each answers everyone with the same bytes.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'

/** What a port answers on which something quite different listens. */
export const garbage = 'SSH-2.0-OpenSSH_9.2\r\n'

/** Milliseconds after which a silent connection is cut. */
const idleTimeoutMs = 10_000

export class Answering implements Disposable {
  readonly #servers: net.Server[] = []

  /** Listens; port 0 lets the system choose. */
  async listen(bytes: string, port = 0): Promise<{ port: number }> {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.setTimeout(idleTimeoutMs, () => socket.destroy())
      socket.once('data', () => socket.end(bytes))
    })
    this.#servers.push(server.listen(port, '127.0.0.1'))
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port }
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server.close()
  }
}
