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
    ...(z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' }) as JsonSchema),
    title: 'Holdfast configuration',
    description: 'What each key does: configuration.md, in the same folder.',
  }
  return rendered
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
