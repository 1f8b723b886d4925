import type { z } from 'zod'
import {
  type Finding,
  nearest,
  type Path,
  pathText,
  proposal,
  show,
  suggest,
  takenOf,
  Wrong,
} from './errors.ts'
import { configJsonSchema, keysAt } from './json-schema.ts'
import { migrationHint } from './migration-hints.ts'
import { configSchema } from './schema.ts'
import { replaced } from './variables.ts'

type Issue = z.core.$ZodIssue

/** Puts what the schema found into words. `value` is the configuration that it looked at. */
export function findings(issues: readonly Issue[], value: unknown): Finding[] {
  const known = (path: Path): string[] => keysAt(configJsonSchema(), path)
  return issues
    .flatMap((issue) => flattened(issue, []))
    .flatMap(({ issue, path }) => finding(issue, path, value, known))
}

/** Where the schema found something. */
export function pathsOf(issues: readonly Issue[]): Path[] {
  return issues.flatMap((issue) => flattened(issue, [])).map(({ path }) => path)
}

/** The issues of a union are those of the form that has the type of the value, where one has. */
function flattened(issue: Issue, around: Path): { issue: Issue; path: Path }[] {
  const path = [...around, ...issue.path]
  if (issue.code !== 'invalid_union') return [{ issue, path }]
  const forms = issue.errors.filter(
    (errors) =>
      !errors.some(
        ({ code, path: { length } }) => length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
      ),
  )
  const [form] = forms
  return form && forms.length === 1 ? form.flatMap((inner) => flattened(inner, path)) : [{ issue, path }]
}

function finding(issue: Issue, path: Path, root: unknown, known: (path: Path) => string[]): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, path, known(path)))
  }
  const value = at(root, path)
  const part = 'value'
  const mends = (other: unknown) => faultAt(path, replaced(root, path, other))
  if (issue.code === 'custom') {
    const given = issue.params?.fix as string | undefined
    const fix = given === undefined ? undefined : takenOf(given, mends)
    return [{ path, part, predicate: issue.message, whole: false, ...(fix && { fix }) }]
  }
  if (value === undefined) return [missing(issue, path)]
  const not = isSecret(path) ? '' : `, not ${show(value)}`
  if (issue.code === 'too_small' && Array.isArray(value) && value.length === 0)
    return [{ path, part, predicate: issue.message, whole: false }]
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String)
    const fix = typeof value === 'string' ? suggest(value, words) : undefined
    return [
      {
        path,
        part,
        predicate: `must be one of ${words.join(', ')}${not}`,
        whole: false,
        ...(fix && { fix }),
      },
    ]
  }
  const sound = (other: unknown) => faultAt(path, replaced(root, path, other), true) === undefined
  const fixed = formFix(path, issue.message, value, known(path), sound)
  const fix = fixed === undefined ? fixFor(issue.message, value, mends) : { fix: fixed }
  return [{ path, part, predicate: `${issue.message}${not}`, whole: false, ...fix }]
}

/** What stands there is shown in no message. */
function isSecret(path: Path): boolean {
  return ['token', 'passphrase'].includes(String(path.at(-1)))
}

/**
 * What to write where a mapping or a list is wanted and the value is none, so that it means what the value says: `{}` for
 * `true` and for nothing, `{ path: /ws }` for `/ws`, `[ws://a]` for `ws://a`.
 */
function formFix(
  path: Path,
  message: string,
  value: unknown,
  keys: string[],
  sound: (other: unknown) => boolean,
): string | undefined {
  const name = String(path.at(-1))
  if (/must be a list|or a list/.test(message)) {
    if (value === null || !sound([value])) return undefined
    return typeof value === 'object' ? 'put a - before it' : `write ${name}: [${value}]`
  }
  if (!/mapping|^must be \{/.test(message)) return undefined
  if (value === true && sound({})) return `write ${name}: {}`
  if (value === null && sound({})) return `write ${name}: {}, or remove the key`
  if (typeof value !== 'string') return undefined
  const fits = keys.find((key) => sound({ [key]: value }))
  return fits === undefined ? undefined : `write { ${fits}: ${value} }`
}

/** What was probably meant by a value of the wrong type; `mends` is wrong where what is put in its place is at fault, too. */
function fixFor(
  message: string,
  value: unknown,
  mends: (other: unknown) => Wrong | undefined,
): { fix?: string } {
  // A key with everything under it commented out has no value, which YAML reads as null.
  if (value === null) return { fix: 'give it a value, or remove the key' }
  if (typeof value === 'number' && message.startsWith('must be a duration')) {
    return asFix(proposal(mends, `${value}s`, `${value}ms`))
  }
  if (typeof value === 'number' && message.startsWith('must be HOST:PORT')) {
    return asFix(proposal(mends, `127.0.0.1:${value}`))
  }
  if (typeof value !== 'string') return {}
  // What YAML 1.1 took for a truth value is a text in YAML 1.2.
  if (message === 'must be true or false' && /^(yes|on|no|off)$/i.test(value)) {
    const meant = /^(yes|on)$/i.test(value)
    return mends(meant) ? {} : { fix: `write ${meant}` }
  }
  const isNumber = /whole number/.test(message) && /^\d{1,15}$/.test(value)
  return isNumber && !mends(Number(value)) ? { fix: `write ${Number(value)} without quotes` } : {}
}

function asFix(fix: string | undefined): { fix?: string } {
  return fix === undefined ? {} : { fix }
}

function unknownKey(key: string, around: Path, known: string[]): Finding {
  const path = [...around, key]
  const where = around.length > 0 ? ` in ${pathText(around)}` : ''
  const merge = 'merge keys are not read; put an alias in place of a whole value'
  const fix =
    key === '<<'
      ? merge
      : nearest(key, known)
        ? suggest(key, known)
        : (migrationHint(key) ?? `known keys: ${known.filter((name) => name !== '$schema').join(', ')}`)
  return { path, part: 'key', predicate: `unknown key ${show(key)}${where}`, whole: true, fix }
}

function missing(issue: Issue, path: Path): Finding {
  const where = path.length > 1 ? ` in ${pathText(path.slice(0, -1))}` : ''
  const wants = /^must be (.*)$/.exec(issue.message)?.[1]
  const predicate = `missing key ${show(String(path.at(-1)))}${where}`
  return { path, part: 'value', predicate, whole: true, ...(wants && { fix: `give ${wants}` }) }
}

function at(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    root,
  )
}

/** What is at fault at a path; with `below`, at it or at what it holds. */
function faultAt(path: Path, root: unknown, below = false): Wrong | undefined {
  const issues = configSchema.safeParse(root).error?.issues ?? []
  const fault = issues
    .flatMap((issue) => flattened(issue, []))
    .find((one) => pathText(below ? one.path.slice(0, path.length) : one.path) === pathText(path))
  return fault && new Wrong(fault.issue.message)
}
