/**
 * What a front does. An upgrade to code with the same number leaves the fronts that run: raise it with each change of front.ts, of the TLS
 * of listen/, or of a dependency of these, that running fronts shall have.
 */
export const frontRevision = 1

/** Among carriers fronts are numbered behind this, so that one number says which worker or front carries a connection. */
export const frontsFrom = 1_000_000
