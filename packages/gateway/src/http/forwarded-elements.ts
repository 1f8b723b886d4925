// The Forwarded field (RFC 7239), read and written. Pure.
import { isIPv4, isIPv6 } from 'node:net'

/** One element of it: a hop, as the proxy behind it saw it. Values are without their quotes. */
export interface ForwardedElement {
  for?: string
  host?: string
  proto?: string
}

/** token, and quoted-string with its escapes (RFC 9110 5.6.2 and 5.6.4); each character can be read in one way only. */
const pair =
  /[\t ]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[\t ]*/y

/** The elements in order, the client's first; undefined when it is not a Forwarded field. */
export function readForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let element: Record<string, string> = {}
  for (let at = 0; at < text.length; at++) {
    pair.lastIndex = at
    const [all, name, token, quoted] = pair.exec(text) ?? []
    if (all === undefined || name === undefined) return undefined
    // RFC 7239 4: "Each parameter MUST NOT occur more than once per field-value."
    if (Object.hasOwn(element, name.toLowerCase())) return undefined
    element[name.toLowerCase()] = token ?? quoted!.replace(/\\(.)/g, '$1')
    at += all.length
    // What follows a pair: the next of this element, the next element, or the end.
    if (at < text.length && text[at] !== ';' && text[at] !== ',') return undefined
    if (text[at] === ';') continue
    elements.push(element)
    element = {}
  }
  return text.endsWith(';') ? undefined : elements
}

/** Commas in one element; more are taken for an element that cannot be read. */
const maxCommas = 8

/**
 * The elements behind the last one that cannot be read, the client's first: a proxy adds its own to what the client has
 * sent, whatever that is.
 */
export function readForwardedEnd(text: string): ForwardedElement[] {
  const whole = readForwarded(text)
  if (whole) return whole
  const found: ForwardedElement[] = []
  let end = text.length
  for (let comma = end, commas = 0; comma > 0 && commas <= maxCommas; commas++) {
    comma = text.lastIndexOf(',', comma - 1)
    const piece = text.slice(comma + 1, end)
    // A comma may stand in a quoted string: then what is behind it is no element.
    const [element, ...more] = readForwarded(piece) ?? []
    // RFC 9110 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
    const empty = /^[\t ]*$/.test(piece)
    if (!empty && (!element || more.length > 0)) continue
    if (element) found.unshift(element)
    end = comma
    commas = -1
  }
  return found
}

export function writeForwarded(elements: readonly ForwardedElement[]): string {
  return elements.map(written).join(', ')
}

const parameters = ['for', 'host', 'proto'] as const

function written(element: ForwardedElement): string {
  let text = ''
  for (const name of parameters) {
    const said = element[name]
    if (said !== undefined) text += `${text === '' ? '' : ';'}${name}=${value(said)}`
  }
  return text
}

function value(text: string): string {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** A node as Forwarded has it, from one of X-Forwarded-For. */
export function forwardedNode(node: string): string {
  // RFC 7239 6: "Note that an IPv6 address is always enclosed in square brackets"
  // The cheap test first: the other is a long regular expression.
  return node.includes(':') && isIPv6(node) ? `[${node}]` : node
}

/** A node as X-Forwarded-For has it: an address, with its port or without; 'unknown' for what is none. */
export function plainNode(node: string): string {
  const [, inBrackets, port = ''] = /^\[([0-9A-Fa-f:.]+)\](:\d{1,5})?$/.exec(node) ?? []
  if (inBrackets !== undefined && isIPv6(inBrackets)) return port === '' ? inBrackets : node
  if (isIPv6(node) || isIPv4(node.replace(/:\d{1,5}$/, ''))) return node
  // RFC 7239 6.3: an obfuscated identifier "MUST have a leading underscore".
  return /^_[A-Za-z0-9._-]+$/.test(node) ? node : 'unknown'
}
