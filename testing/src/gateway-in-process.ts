import net from 'node:net'
import { Writable } from 'node:stream'
import type { Gateway, GatewayDeps, GatewayOptions } from '@holdfast/gateway'
import { pino } from 'pino'

/** A gateway with its listeners, in this process. */
export interface GatewayInProcess extends AsyncDisposable {
  readonly gateway: Gateway
  /** Where each of `options.listen` is bound. */
  readonly ports: number[]
}

/** Binds the listeners on their ports and gives every socket to a Gateway; each line of its log to `onLog`. */
export async function gatewayInProcess(
  options: GatewayOptions,
  deps: Partial<GatewayDeps>,
  onLog: (line: string) => void,
): Promise<GatewayInProcess> {
  // Loaded here, so that tests that need no gateway load none.
  const { Gateway } = await import('@holdfast/gateway')
  const log = pino({ level: 'debug', base: null }, lines(onLog))
  const gateway = new Gateway(options, { log, ...deps })
  const servers = options.listen.map((listener) =>
    net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => gateway.accept(listener, socket)),
  )
  await Promise.all(servers.map((server, n) => bind(server, options.listen[n]!)))
  await gateway.prepare()
  gateway.start()
  return {
    gateway,
    ports: servers.map((server) => (server.address() as net.AddressInfo).port),
    async [Symbol.asyncDispose]() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      gateway.stop()
      await Promise.all(closed)
    },
  }
}

function bind(server: net.Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

function lines(onLine: (line: string) => void): Writable {
  return new Writable({
    write(chunk, _, done) {
      for (const line of String(chunk).split('\n')) if (line) onLine(line)
      done()
    },
  })
}
