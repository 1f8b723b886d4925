// Checks that data from another process has the shape that its type says. Small on purpose: workers do not load zod.

/** What a check wants, as data: a change of it shows. */
export type Shape = string | { [key: string]: Shape } | Shape[]

/** Throws a TypeError that names the place when the value is not a T. */
export interface Check<T> {
  (value: unknown, at: string): void
  readonly shape: Shape
  /** Not there: makes a Check<T> no Check of a wider or a narrower type. */
  readonly type?: (value: T) => T
}

function check<T>(shape: Shape, test: (value: unknown, at: string) => void): Check<T> {
  return Object.assign(test, { shape })
}

function fail(at: string, wanted: string): never {
  throw new TypeError(`${at || 'the record'} is not ${wanted}`)
}

export const text: Check<string> = check('text', (value, at) => {
  if (typeof value !== 'string') fail(at, 'a string')
})

export const flag: Check<boolean> = check('flag', (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'true or false')
})

export const finite: Check<number> = check('number', (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(at, 'a number')
})

/** How many there are of something. */
export const count: Check<number> = check('count', (value, at) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) fail(at, 'a count')
})

/** Bytes in base64. */
export const base64: Check<string> = check('base64', (value, at) => {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    fail(at, 'base64')
})

/** Data that nobody but its owner knows. */
export const anything: Check<unknown> = check('anything', () => {})

export function oneOf<const T extends string>(...values: T[]): Check<T> {
  return check(`'${values.join("' | '")}'`, (value, at) => {
    if (!values.includes(value as T)) fail(at, `one of ${values.join(', ')}`)
  })
}

/** What any of these accepts. */
export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return check([first.shape, second.shape], (value, at) => {
    try {
      first(value, at)
    } catch {
      second(value, at)
    }
  })
}

export function optional<T>(some: Check<T>): Check<T | undefined> {
  return check({ optional: some.shape }, (value, at) => {
    if (value !== undefined) some(value, at)
  })
}

export function list<T>(each: Check<T>): Check<T[]> {
  return check({ 'list of': each.shape }, (value, at) => {
    if (!Array.isArray(value)) fail(at, 'a list')
    for (const [i, one] of value.entries()) each(one, `${at}[${i}]`)
  })
}

export function pair<A, B>(first: Check<A>, second: Check<B>): Check<[A, B]> {
  return check({ 'pair of': [first.shape, second.shape] }, (value, at) => {
    if (!Array.isArray(value) || value.length !== 2) fail(at, 'a pair')
    first(value[0], `${at}[0]`)
    second(value[1], `${at}[1]`)
  })
}

/** Exactly these fields: one that is not known here means something that would be forgotten. */
export function record<T extends object>(fields: { [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const known = Object.entries<Check<never>>(fields as never)
  const shape = Object.fromEntries(known.map(([key, each]) => [key, each.shape]))
  return check(shape, (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object')
    for (const key of Object.keys(value)) if (!Object.hasOwn(fields, key)) fail(`${at}.${key}`, 'known')
    for (const [key, each] of known) each((value as Record<string, unknown>)[key], `${at}.${key}`)
  })
}
