import type { Balance } from '../core/index.ts'
import { nearest, proposal, show, suggest, Wrong } from './errors.ts'

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

// Node runs a timer of more than 2^31-1 ms at once; a day is far from that and longer than any wait here.
const longest = 24 * milliseconds.h

/** What a duration looks like, for editors. */
export const durationPattern = '^[0-9]+(ms|s|m|h)$'

/** Reads `250ms`, `5s`, `2m` or `1h`, at least `least` milliseconds and at most 24h, as milliseconds. */
export function readDuration(text: string, least = 0): number | Wrong {
  const [, digits, unit] = /^(\d{1,12})(ms|s|m|h)$/.exec(text) ?? []
  if (digits === undefined) return notDuration(text, least)
  const value = Number(digits) * milliseconds[unit as keyof typeof milliseconds]
  if (value < least) return new Wrong(`must be at least ${durationText(least)}, not ${durationText(value)}`)
  return value <= longest ? value : new Wrong(`must be at most 24h, not ${show(text)}`)
}

function notDuration(text: string, least: number): Wrong {
  const fix = (...texts: string[]) => proposal((one) => readDuration(one, least), ...texts)
  const wrong = `must be a duration such as 250ms, 5s, 2m or 1h, not ${show(text)}`
  if (/^\d{1,12}$/.test(text)) return new Wrong(wrong, fix(`${text}s`, `${text}ms`))
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)\s*([a-z]+)$/i.exec(text) ?? []
  const short = unit && shortUnit(unit.toLowerCase())
  if (!short) return new Wrong(wrong)
  const value = Number(number) * milliseconds[short]
  return new Wrong(wrong, Number.isInteger(value) ? fix(durationText(value)) : undefined)
}

function shortUnit(unit: string): keyof typeof milliseconds | undefined {
  if (/^(ms|millis|milliseconds?)$/.test(unit)) return 'ms'
  if (/^(s|secs?|seconds?)$/.test(unit)) return 's'
  if (/^(m|mins?|minutes?)$/.test(unit)) return 'm'
  return /^(h|hours?)$/.test(unit) ? 'h' : undefined
}

/** Writes milliseconds in the largest unit that needs no fraction: 90000 is `90s`, 120000 is `2m`. */
export function durationText(value: number): string {
  const unit =
    (['h', 'm', 's'] as const).find((name) => value > 0 && value % milliseconds[name] === 0) ?? 'ms'
  return `${value / milliseconds[unit]}${unit}`
}

const bytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** What a size with its unit looks like, for editors. */
export const sizePattern = '^[0-9]+(B|KiB|MiB|GiB)$'

/** Reads `512B`, `64KiB`, `1MiB`, `2GiB` or a bare number as bytes, at least so many. */
export function readSize(text: string, least = 0): number | Wrong {
  const [, digits, unit] = /^(\d{1,15})(B|KiB|MiB|GiB)?$/.exec(text) ?? []
  if (digits !== undefined) {
    const value = Number(digits) * (unit ? bytes[unit as keyof typeof bytes] : 1)
    if (value < least) return new Wrong(`must be at least ${least}B`)
    return Number.isSafeInteger(value) ? value : new Wrong(`must be a smaller size, not ${show(text)}`)
  }
  const wrong = `must be a size such as 512B, 64KiB or 1MiB, not ${show(text)}`
  const [, number, prefix] = /^(\d{1,12})\s*([kmg]?)i?b?$/i.exec(text) ?? []
  if (number === undefined) return new Wrong(wrong)
  const meant = `${number}${prefix ? `${prefix.toUpperCase()}iB` : 'B'}`
  return new Wrong(
    wrong,
    proposal((one) => readSize(one, least), meant),
  )
}

/** What a share looks like, for editors. */
export const sharePattern = '^(off|[0-9]+([.][0-9]+)?%)$'

/** Reads `1%`, `0.5%` or `off`, as a number from 0 to 1. */
export function readShare(text: string): number | Wrong {
  if (text === 'off') return 0
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? []
  if (digits !== undefined && Number(digits) <= 100) return Number(digits) / 100
  const [, number] = /^(\d{1,2}(?:\.\d{1,6})?)$/.exec(text) ?? []
  return new Wrong(
    `must be a percentage from 0% to 100%, or off, not ${show(text)}`,
    number && `write ${number}%`,
  )
}

/** What a rate looks like, for editors. */
export const ratePattern = '^(auto|[1-9][0-9]*/s)$'

/** Reads `500/s`, or `auto`, as how many a second. */
export function readRate(text: string): number | 'auto' | Wrong {
  if (text === 'auto') return 'auto'
  const [, digits] = /^([1-9]\d{0,5})\/s$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits)
  const [, number] = /^([1-9]\d{0,5})(?: ?\/ ?s(?:ec(?:ond)?)?)?$/.exec(text) ?? []
  return new Wrong(`must be a rate such as 500/s, or auto, not ${show(text)}`, number && `write ${number}/s`)
}

/** RFC 9110 5.6.2 token: a header name, a cookie name, and by RFC 6455 4.1 a subprotocol. */
export const tokenPattern = "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$"
const token = new RegExp(tokenPattern)

/** Reads a subprotocol, which RFC 6455 4.1 makes a token of HTTP. */
export function readProtocol(text: string): string | Wrong {
  if (token.test(text)) return text
  return new Wrong(`must be one subprotocol without spaces or commas, not ${show(text)}`)
}

const ways = ['least-connections', 'round-robin', 'random-two'] as const
const hashForms = ['hash(address)', 'hash(cookie:NAME)', 'hash(header:NAME)', 'hash(query:NAME)']

/** What `balance` looks like, for editors. */
export const balancePattern = `^(${ways.join('|')}|hash\\((address|(cookie|header|query):[^)]+)\\))$`

/** Reads a way to balance: a word, or `hash(cookie:sid)` and its like. */
export function readBalance(text: string): Balance | Wrong {
  const way = ways.find((name) => name === text)
  if (way) return { by: way }
  const hash = /^hash\((.*)\)$/s.exec(text)?.[1]
  if (hash === undefined) {
    return new Wrong(`must be a way to balance, not ${show(text)}`, suggest(text, [...ways, ...hashForms]))
  }
  if (hash === 'address') return { by: 'hash', key: { from: 'address' } }
  const [, from, name] = /^([^:]*):(.*)$/s.exec(hash) ?? []
  if (from === 'cookie' || from === 'header' || from === 'query') return readHashKey(from, name ?? '')
  const near = nearest(from ?? hash, ['cookie', 'header', 'query', 'address'])
  const meant = `hash(${near === 'address' ? near : `${near}:${name ?? 'NAME'}`})`
  return new Wrong(
    `must hash the address, a cookie, a header or a query parameter, not ${show(text)}`,
    near === undefined || readBalance(meant) instanceof Wrong
      ? suggest('', hashForms)
      : `did you mean '${meant}'?`,
  )
}

function readHashKey(from: 'cookie' | 'header' | 'query', name: string): Balance | Wrong {
  const fits = from === 'query' ? name !== '' && name.length <= 256 : token.test(name)
  if (!fits) return new Wrong(`must name the ${from} to hash, such as hash(${from}:room)`)
  // RFC 9110 5.1: "Field names are case-insensitive".
  return { by: 'hash', key: { from, name: from === 'header' ? name.toLowerCase() : name } }
}

/** What `resume.bind` looks like, for editors. */
export const bindPattern = '^(cookie|header):[^:]+$'

/** Reads `cookie:NAME` or `header:NAME`. */
export function readBind(text: string): { from: 'cookie' | 'header'; name: string } | Wrong {
  const [, from, name = ''] = /^(cookie|header):(.*)$/s.exec(text) ?? []
  if ((from !== 'cookie' && from !== 'header') || !token.test(name))
    return new Wrong(`must be cookie:NAME or header:NAME, not ${show(text)}`)
  // RFC 9110 5.1: "Field names are case-insensitive".
  return { from, name: from === 'header' ? name.toLowerCase() : name }
}

/** RFC 6750 2.1 b64token: what an Authorization header can carry as a bearer token. */
export const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/
