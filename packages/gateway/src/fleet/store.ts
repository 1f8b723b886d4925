// What the fleet asks of a store: scripts that run there whole, each within a time. The client library is behind it.

/** A script in Lua that the store runs as one step. */
export interface Script {
  /** For people. */
  name: string
  lua: string
}

export type Reply = string | number | null | Reply[]

export interface Store {
  /** Runs a script. Rejects with a {@link StoreError} when there is no answer within `withinMs` milliseconds. */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    withinMs?: number,
  ): Promise<Reply>
  /** Ends the connection and makes another. */
  renew(): void
  close(): void
}

/** Milliseconds after its last announcement, by the store's clock, at which a node counts as gone. */
export const goneAfterMs = 10_000

/** Milliseconds that any call may take. */
export const callWithinMs = 250

export class StoreError extends Error {
  /** Whether no answer came in time; what was asked may have been done. */
  readonly late: boolean

  constructor(message: string, late = false) {
    super(message)
    this.late = late
  }
}

/** All keys of a fleet have one hash tag: a cluster runs a script only over keys of one slot. */
export function fleetKey(fleet: string, ...parts: string[]): string {
  return ['holdfast', `{${fleet}}`, ...parts].join(':')
}
