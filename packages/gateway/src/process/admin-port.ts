// The admin port of a supervisor: one at a time, and another one after a reload that says so.
import type { Logger } from 'pino'
import { type Clock, GatewayError, type GatewayOptions } from '../core/index.ts'
import { AdminServer, type Operations } from '../operate/index.ts'

export class AdminPort {
  readonly #deps: { operations: Operations; log: Logger; clock: Clock }
  #server: AdminServer | undefined
  #isClosed = false

  constructor(deps: { operations: Operations; log: Logger; clock: Clock }) {
    this.#deps = deps
  }

  /** The one that is in use. */
  get server(): AdminServer | undefined {
    return this.#server
  }

  /**
   * Binds one; it is not in use yet. `descriptor`: of what another process has bound.
   *
   * @throws {GatewayError} 'cannot_listen'
   */
  async open({ admin }: GatewayOptions, descriptor?: number): Promise<AdminServer | undefined> {
    if (!admin) return undefined
    const server = new AdminServer(admin, this.#deps)
    try {
      await server.listen(descriptor)
    } catch (error) {
      throw new GatewayError('cannot_listen', 'gateway', `admin port: ${(error as Error).message}`)
    }
    return server
  }

  /** Binds one and uses it; after {@link AdminPort.close} it is closed again. */
  async start(options: GatewayOptions, descriptor?: number): Promise<void> {
    const server = await this.open(options, descriptor)
    if (this.#isClosed) await server?.close()
    else this.#server = server
  }

  /** A reload: `opened` is in place of the one before, which is somewhere else or switched off. */
  replace({ admin }: GatewayOptions, opened: { admin: AdminServer | undefined } | undefined): void {
    if (this.#isClosed) {
      void opened?.admin?.close()
    } else if (opened) {
      void this.#server?.close()
      this.#server = opened.admin
    } else if (admin) {
      this.#server?.reconfigure(admin)
    }
  }

  /** Closes the one that is in use, and whichever is bound after that. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#server?.close()
  }
}
