import type * as registered from './registered.ts'

/**
 * The registered close codes by name, so that a program says `code.serviceRestart` and not `1012`.
 *
 * Source: the IANA WebSocket Close Code Number Registry; RFC 6455 section 7.4.1 for 1000-1011 and 1015.
 */
export * as code from './registered.ts'

/** The name of a registered code in this package: `'serviceRestart'`. Stable, never translated. */
export type CodeId = keyof typeof registered

/** The number of a registered code. */
export type RegisteredCode = (typeof registered)[CodeId]
