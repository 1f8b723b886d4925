/** Which side of the gateway an error comes from. */
export type Side = 'client' | 'upstream' | 'gateway'

/** An error that knows its side and says what to do; match on `code`. */
export class GatewayError extends Error {
  readonly code: string
  readonly side: Side

  constructor(code: string, side: Side, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
    this.side = side
  }
}
