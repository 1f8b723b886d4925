/** Conditions of proxies, judged for one request: true, false, or undefined where it depends on what is not known. */

/** What a condition is for a request. */
export type Truth = boolean | undefined

/** A request as far as conditions are judged by it; headers by their names in lower case. */
export interface Request {
  readonly headers: Readonly<Record<string, string>>
}

const handshake = (connection: string): Request => ({
  headers: {
    upgrade: 'websocket',
    connection,
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  },
})

/** The handshakes of browsers: Firefox sends both tokens. */
export const handshakes: readonly Request[] = [handshake('Upgrade'), handshake('keep-alive, Upgrade')]

/** A request for a page. */
export const pageRequest: Request = {
  headers: {
    upgrade: '',
    connection: 'keep-alive',
    'sec-websocket-version': '',
    'sec-websocket-key': '',
    'sec-websocket-protocol': '',
    'sec-websocket-extensions': '',
  },
}

/** The value of a header; undefined when it is not known. */
export function headerOf({ headers }: Request, name: string): string | undefined {
  return headers[name.toLowerCase()]
}

/** All of them. */
export function all(parts: readonly Truth[]): Truth {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

/** At least one of them. */
export function any(parts: readonly Truth[]): Truth {
  if (parts.includes(true)) return true
  return parts.includes(undefined) ? undefined : false
}

/** The contrary. */
export function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

/** Does this condition hold for every browser's handshake, and not for pages? */
export function singlesOutHandshakes(holds: (request: Request) => Truth): boolean {
  return handshakes.every((request) => holds(request) !== false) && holds(pageRequest) === false
}

/** Does this condition keep every browser's handshake out? */
export function keepsHandshakesOut(holds: (request: Request) => Truth): boolean {
  return handshakes.every((request) => holds(request) === false)
}
