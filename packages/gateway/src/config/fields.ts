import { z } from 'zod'
import { Wrong } from './errors.ts'
import { durationPattern, readDuration, readSize, sizePattern } from './units.ts'

// The kinds of values that the schema is made of. The message of each reads on after the key: 'must be …'.

export type Issues = z.RefinementCtx

/** Reports what is wrong with a value, or with a part of it. */
export function report(ctx: Issues, wrong: Wrong, path: PropertyKey[] = []): void {
  ctx.addIssue({ code: 'custom', message: wrong.message, path, params: { fix: wrong.fix } })
}

/** A text that `read` turns into what the gateway uses. `expected` is what the message asks for. */
export function text<T>(expected: string, read: (text: string) => T | Wrong, pattern?: string) {
  const schema = z.string({ error: () => `must be ${expected}` }).transform((value, ctx): T => {
    const result = read(value)
    if (!(result instanceof Wrong)) return result
    report(ctx, result)
    return z.NEVER
  })
  return pattern === undefined ? schema : schema.meta({ pattern })
}

/** A mapping of these keys and no others. */
export function section<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, { error: () => 'must be a mapping of keys' })
}

/** A list with at least one entry. */
export function list<T extends z.ZodType>(item: T, of: string) {
  const error = () => `must be a list of at least one ${of}`
  return z.array(item, { error }).min(1, { error: () => `is empty: it needs at least one ${of}` })
}

/** `when` of a check on a list that has something to say even if an entry is wrong in itself. */
export const always = { when: ({ value }: { value: unknown }) => Array.isArray(value) }

/** One of these words. */
export function choice<const W extends readonly string[]>(words: W) {
  return z.enum(words)
}

/** A number without a fraction; at most 2^31-1 unless said otherwise. */
export function whole(least: number, most = 2 ** 31 - 1) {
  const error = () => `must be a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}

/** `true` or `false`. */
export function flag() {
  return z.boolean({ error: () => 'must be true or false' })
}

/** A duration, in milliseconds after reading. */
export function duration(least = 1) {
  const read = (value: string) => readDuration(value, least)
  return text('a duration such as 250ms, 5s, 2m or 1h', read, durationPattern)
}

/** A size, in bytes after reading; a bare number is bytes already. */
export function size(least = 1) {
  const read = (value: string) => readSize(value, least)
  return z.union([whole(least, Number.MAX_SAFE_INTEGER), text('a size', read, sizePattern)], {
    error: () => 'must be a size such as 512B, 64KiB or 1MiB',
  })
}

/** The path of a PEM file, relative to the configuration file. */
export const file = z
  .string({ error: () => 'must be the path of a PEM file' })
  .min(1, { error: () => 'must be the path of a PEM file' })

/** The variable that holds a passphrase: a passphrase beside the file that it opens protects nothing. */
export const passphrase = text('a variable such as $CERT_PASSPHRASE', (value): string | Wrong =>
  /^\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})$/.test(value)
    ? value
    : new Wrong('must be a variable such as $CERT_PASSPHRASE', 'set it where holdfast is started'),
)

/**
 * Reports the keys of a certificate that do not go together: `cert` with `key`, or `pkcs12`. With `needed` one of the two must be
 * there.
 */
export function checkCertificate(
  given: { cert?: string; key?: string; pkcs12?: string; passphrase?: string },
  needed: boolean,
  ctx: Issues,
): void {
  const { cert, key, pkcs12 } = given
  if (pkcs12 !== undefined) {
    if (cert !== undefined || key !== undefined)
      report(ctx, new Wrong('has certificate and key in it: leave cert and key out'), ['pkcs12'])
    return
  }
  if (given.passphrase !== undefined && key === undefined && !needed)
    report(ctx, new Wrong('has nothing to open: there is no key'), ['passphrase'])
  if (!needed && cert === undefined && key === undefined) return
  for (const name of ['cert', 'key'] as const) {
    if (given[name] !== undefined) continue
    ctx.addIssue({
      code: 'invalid_type',
      expected: 'string',
      message: 'must be the path of a PEM file',
      path: [name],
      input: undefined,
    })
  }
}
