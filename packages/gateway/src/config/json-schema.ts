import { z } from 'zod'
import type { Path } from './errors.ts'
import { configSchema } from './schema.ts'

/** The parts of a JSON Schema that are looked at here. */
export interface JsonSchema {
  [key: string]: unknown
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
}

let rendered: JsonSchema | undefined

/** The JSON Schema (draft 7) of a configuration file, for editors. Rendered once. */
export function configJsonSchema(): JsonSchema {
  rendered ??= {
    ...withVariables(z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' }) as JsonSchema),
    title: 'Holdfast configuration',
    description: 'What each key does: configuration.md, in the same folder.',
  }
  return rendered
}

const variable = { type: 'string', pattern: '\\$(\\w|\\{)' }

/** Any text may be, or hold, a variable; and a variable may stand for a number, or for `true`. */
function withVariables(part: JsonSchema): JsonSchema {
  const entries = Object.entries(part).map(([key, value]) => [key, everywhere(value)] as const)
  const inside = Object.fromEntries(entries) as JsonSchema
  const { type, pattern, description, default: usual, ...rest } = inside
  if (typeof pattern === 'string') return { ...inside, pattern: `${pattern}|${variable.pattern}` }
  if (type !== 'integer' && type !== 'number' && type !== 'boolean' && !(type === 'string' && 'enum' in rest))
    return inside
  const about = {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
  }
  return { anyOf: [{ type, ...rest }, variable], ...about } as JsonSchema
}

function everywhere(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(everywhere)
  return typeof value === 'object' && value !== null ? withVariables(value as JsonSchema) : value
}

/** The keys that a mapping at this path may have: those of every form that it can take. */
export function keysAt(schema: JsonSchema, path: Path): string[] {
  const last = path.reduce<JsonSchema[]>(
    (forms, step) =>
      forms.flatMap((form) => {
        const inside = typeof step === 'number' ? form.items : form.properties?.[String(step)]
        return inside ? formsOf(inside) : []
      }),
    formsOf(schema),
  )
  return last.flatMap((form) => Object.keys(form.properties ?? {}))
}

function formsOf(schema: JsonSchema): JsonSchema[] {
  return [schema, ...(schema.anyOf ?? []).flatMap(formsOf)]
}
