// Header fields (RFC 9110 5): those that came, read once, and the list of those that go out.

/** Header fields in the order and case in which they came. */
export type HeaderList = [name: string, value: string][]

const none: readonly string[] = []

/** The header fields of a message that came. Names are asked for in lower case. */
export class Fields {
  /** Without the pseudo-header fields of HTTP/2. */
  readonly list: HeaderList
  readonly #byName = new Map<string, string[]>()

  constructor(list: HeaderList) {
    this.list = list
    for (const [field, value] of list) {
      const name = field.toLowerCase()
      const before = this.#byName.get(name)
      if (before) before.push(value)
      else this.#byName.set(name, [value])
    }
  }

  /** `rawHeaders` as Node has them. */
  static of({ rawHeaders }: { rawHeaders: readonly string[] }): Fields {
    return new Fields(headerList(rawHeaders))
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The value of each line, in order. */
  values(name: string): readonly string[] {
    return this.#byName.get(name) ?? none
  }

  first(name: string): string | undefined {
    return this.#byName.get(name)?.[0]
  }

  /** The members of a field that is a list. */
  members(name: string): string[] {
    return members(this.values(name))
  }

  /** The same for names that are compared without regard to case, in lower case. */
  tokens(name: string): string[] {
    return tokens(this.values(name))
  }
}

/** Every value of a header, in order; `name` in lower case. */
export function values(headers: HeaderList, name: string): string[] {
  const found: string[] = []
  for (const [field, value] of headers) {
    if (field.length === name.length && field.toLowerCase() === name) found.push(value)
  }
  return found
}

/**
 * Without the optional white space around it, which is blanks and tabs (RFC 9110 5.6.3). `trim` would take U+00A0 as well, which is a byte
 * of the value: whoever reads the message next sees another one.
 */
export function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The members of comma-separated lists, empty ones left out (RFC 9110 5.6.1.2). */
export function members(lists: readonly string[]): string[] {
  return lists
    .join(',')
    .split(',')
    .map(trimBlanks)
    .filter((member) => member !== '')
}

/** The members of comma-separated lists of names that are compared without regard to case, in lower case. */
export function tokens(lists: readonly string[]): string[] {
  return members(lists).map((member) => member.toLowerCase())
}

/** Pairs of Node's flat `rawHeaders`. HTTP/2 pseudo-headers are left out. */
export function headerList(rawHeaders: readonly string[]): HeaderList {
  const list: HeaderList = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!rawHeaders[i]!.startsWith(':')) list.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  }
  return list
}

/** Headers as Node's `setHeader` takes them: by lower-case name, with every value of each. */
export function groupHeaders(headers: HeaderList): Record<string, string | string[]> {
  const grouped = new Map<string, string | string[]>()
  for (const [field, value] of headers) {
    const name = field.toLowerCase()
    const before = grouped.get(name)
    if (before === undefined) grouped.set(name, value)
    else if (typeof before === 'string') grouped.set(name, [before, value])
    else before.push(value)
  }
  return Object.fromEntries(grouped)
}

/** The same with one line for each, as Node's HTTP/2 wants many of them; only Set-Cookie cannot be joined. */
export function joinHeaders(headers: HeaderList): Record<string, string | string[]> {
  const grouped = groupHeaders(headers)
  for (const [name, value] of Object.entries(grouped)) {
    // RFC 9110 5.3: "A recipient MAY combine multiple field lines within a field section that have the same field name
    // into one field line [...] by appending each subsequent field line value to the initial field line value in order,
    // separated by a comma [...] and optional whitespace"
    if (name !== 'set-cookie' && typeof value !== 'string') grouped[name] = value.join(', ')
  }
  return grouped
}
