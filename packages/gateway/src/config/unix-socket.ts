// Sockets of the file system as people write them: here, and in nginx, HAProxy, Caddy, curl and the clients of Node.
import type { HostPort, ListenOptions, UpstreamOptions } from '../core/index.ts'
import { proposal, show, Wrong } from './errors.ts'

/** Bytes that the address of a socket has for its path, less the NUL behind it (unix(7); less on macOS). */
const maxPathBytes = process.platform === 'linux' ? 107 : 103

/** What `unix:` addresses look like, for editors. */
export const unixPattern = 'unix:/[^\\s]+'

function pathFault(path: string): Wrong | undefined {
  // `unix://x` has a host where a path should be.
  if (!/^\/[^/]/.test(path) || path.endsWith('/'))
    return new Wrong('must be unix: and the absolute path of a socket, such as unix:/run/app.sock')
  if (/[\s\\\p{Cc}?#]/u.test(path)) return new Wrong('has a path with characters that it must not hold')
  if (Buffer.byteLength(path) <= maxPathBytes) return undefined
  return new Wrong(`has a path of more than ${maxPathBytes} bytes, which no socket can have`)
}

/** Reads `unix:/run/holdfast.sock` as an address to listen on. */
export function readUnixAddress(text: string): HostPort | Wrong {
  const [, path = ''] = /^unix:(?:\/\/(?=\/))?(.*)$/is.exec(text) ?? []
  return pathFault(path) ?? { host: `unix:${path}`, port: 0 }
}

const forms = [
  // unix:/run/app.sock:/prefix, behind a scheme or not: nginx, Apache, ws, http-proxy.
  /^(?:(wss?|https?):\/\/)?unix:(?:\/\/(?=\/))?(\/[^:]*)(?::(\/?.*))?$/is,
  // ws+unix:/run/app.sock:/prefix: ws, got.
  /^(wss?|https?)\+unix:(?:\/\/(?=\/))?(\/[^:]*)(?::(\/?.*))?$/is,
]
/** http+unix://%2Frun%2Fapp.sock/prefix: requests, Docker. */
const encodedForm = /^(wss?|https?)\+unix:\/\/(%2f[^/?#]*)(\/.*)?$/is

/** How others write it: Caddy, HAProxy, or a path alone. */
const foreign = /^(?:(?:wss?|https?):\/\/)?(?:unix\/\/?(?=.*\.sock)|unix@|(?=\/))(\/?[^\s:]*)$/is

/** Whether a text is meant to be a socket of the file system. */
export function namesSocket(text: string): boolean {
  return (
    /^(?:(?:wss?|https?):\/\/)?unix:(?!\d)/i.test(text) || /^\w+\+unix:/i.test(text) || foreign.test(text)
  )
}

/** Reads the address of an upstream behind such a socket, with a path prefix as others write it. */
export function readUnixUpstream(text: string): Omit<UpstreamOptions, 'weight'> | Wrong {
  const [, encodedScheme, encoded, behind] = encodedForm.exec(text) ?? []
  const found = forms.map((form) => form.exec(text)).find((match) => match !== null)
  const scheme = encodedScheme ?? found?.[1] ?? 'ws'
  const socketPath = encoded === undefined ? found?.[2] : decoded(encoded)
  if (socketPath === undefined) {
    const [, path = ''] = foreign.exec(text) ?? []
    const meant = `unix:/${path.replace(/^\/+/, '')}`
    const wrong = 'must be unix: and the absolute path of a socket, such as unix:/run/app.sock'
    return new Wrong(
      `${wrong}, not ${show(text)}`,
      path === '' ? undefined : proposal(readUnixUpstream, meant),
    )
  }
  const fault = pathFault(socketPath)
  if (fault) return fault
  let path = behind ?? found?.[3] ?? ''
  if (path !== '' && !path.startsWith('/'))
    return new Wrong(
      'must have / behind its second colon: a path prefix',
      `write unix:${socketPath}:/${path}`,
    )
  if (path.includes('?')) return new Wrong('must not hold a query', 'the request brings its own')
  if (/[\s\\#\p{Cc}]/u.test(path)) return new Wrong('has a path prefix with characters that it must not hold')
  while (path.endsWith('/')) path = path.slice(0, -1)
  const tls = /^(?:wss|https)$/i.test(scheme)
  const name = `${tls ? 'wss://' : ''}unix:${socketPath}${path && `:${path}`}`
  // As curl and nginx do, a name stands in the Host field where the client's own does not.
  return { name, tls, host: 'localhost', port: tls ? 443 : 80, path: encodeURI(decoded(path)), socketPath }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Reads `mode`: octal digits, which YAML may have taken for a decimal number. */
export function readMode(value: string): number | Wrong {
  const digits = /^0?o?([0-7]{3})$/.exec(value)?.[1]
  if (digits === undefined || !/^[67]/.test(digits))
    return new Wrong(`must be octal digits such as '0660', with 6 or 7 first, not ${show(value)}`)
  return Number.parseInt(digits, 8)
}

/** Reads `owner`: `user`, `user:group` or `:group`, names or numbers. */
export function readOwner(value: string): NonNullable<ListenOptions['owner']> | Wrong {
  const [, user, group] = /^([\w.-]{1,64})?(?::([\w.-]{1,64}))?$/.exec(value) ?? []
  if (user !== undefined || group !== undefined) return { ...(user && { user }), ...(group && { group }) }
  return new Wrong(`must be user, user:group or :group, not ${show(value)}`)
}
