// The admin port of a supervisor: one at a time, and another one after a reload that says so.
import type { Logger } from 'pino'
import { type Clock, GatewayError, type GatewayOptions } from '../core/index.ts'
import { AdminServer, type Operations } from '../operate/index.ts'

export class AdminPort {
  readonly #deps: { operations: Operations; log: Logger; clock: Clock }
  #server: AdminServer | undefined

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

  /** Binds one and uses it. */
  async start(options: GatewayOptions, descriptor?: number): Promise<void> {
    this.#server = await this.open(options, descriptor)
  }

  /** A reload: `opened` is in place of the one before, which is somewhere else or switched off. */
  replace({ admin }: GatewayOptions, opened: { admin: AdminServer | undefined } | undefined): void {
    if (opened) {
      void this.#server?.close()
      this.#server = opened.admin
    } else if (admin) {
      this.#server?.reconfigure(admin)
    }
  }
}
