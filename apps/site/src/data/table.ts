// The whole table as JSON at one address, for other programs. Its version changes when a reader would have to change.
import { type CloseCode, closeCodes, ranges } from '@holdfast/close-codes'
import { sourcesOf } from '@holdfast/close-codes/explain'
import { privateCodes } from '@holdfast/close-codes/private-codes'
import { receiveSupport } from '@holdfast/close-codes/receive-support'
import { z } from 'zod'
import { allWords } from '../text/all.ts'

/** Goes up when a field changes its meaning or goes away; a new field leaves it as it is. */
const tableVersion = 1

export const tablePath = 'codes.json'
export const schemaPath = `codes.v${tableVersion}.schema.json`

const number = z.int().min(0).max(65535)
const milliseconds = z.int().min(0).describe('milliseconds')
const link = z.object({ title: z.string(), url: z.url() })
const texts = z.object({
  meaning: z.string().describe('what the number says, in one sentence'),
  says: z.string().describe('the same in the first person'),
  description: z.string(),
  whenSeen: z.string(),
  howToFix: z.array(z.string()).min(1).describe('steps, in order'),
  causes: z.array(z.string()).min(1),
  pitfalls: z.array(z.string()).min(1),
  use: z.string().describe('when to send it'),
  retry: z.object({ registered: z.string(), practice: z.string(), holdfast: z.string() }),
})
const receipt = z.enum(['accepts', 'rejects', 'unknown'])

export const tableSchema = z
  .object({
    $schema: z.string(),
    version: z.literal(tableVersion),
    languages: z.array(z.string()).describe('BCP 47 tags of the texts'),
    codes: z.array(
      z.object({
        code: number,
        id: z.string().describe('stable, never translated'),
        name: z.string().describe('as registered, never translated'),
        sentBy: z.array(z.enum(['client', 'server', 'gateway'])),
        occasion: z.string().optional(),
        mend: z.string().describe('where to look for what has to change'),
        wire: z.string().describe('what travels when an application sees it'),
        travels: z.boolean().describe('whether it may stand in a Close frame'),
        browserMaySend: z.boolean().describe('whether WebSocket.close() takes it in a browser'),
        advice: z.union([
          z.object({ action: z.literal('stop') }),
          z.object({
            action: z.literal('reconnect'),
            delay: z.object({ least: milliseconds, most: milliseconds, cap: milliseconds }),
          }),
        ]),
        asked: z.union([
          z.enum(['nothing', 'elsewhere']),
          z.object({ least: milliseconds, most: milliseconds }),
        ]),
        broader: z.string().optional().describe('id of the code that says less and is true as well'),
        http: z.array(z.int()),
        grpc: z.array(z.string()),
        aliases: z.array(z.string()),
        reference: link,
        sources: z.array(link),
        texts: z.record(z.string(), texts).describe('by language'),
      }),
    ),
    ranges: z.array(z.object({ from: number, to: number, id: z.string() })),
    privateCodes: z.array(
      z.object({
        id: z.string(),
        ecosystem: z.string(),
        codes: z.array(z.object({ code: number, name: z.string(), retry: z.string() })),
        sources: z.array(z.url()),
      }),
    ),
    implementations: z
      .array(
        z.object({
          id: z.string(),
          implementation: z.string(),
          serviceRestart: receipt,
          tryAgainLater: receipt,
          badGateway: receipt,
          registered: receipt,
          source: z.url(),
        }),
      )
      .describe('what implementations do with codes that arrive'),
  })
  .describe('The WebSocket close codes: facts, advice, and texts in several languages')

/** The table, every language in it. */
export function table(): z.infer<typeof tableSchema> {
  return tableSchema.parse({
    $schema: schemaPath,
    version: tableVersion,
    languages: allWords.map(({ tag }) => tag),
    codes: closeCodes.map(row),
    ranges,
    privateCodes,
    implementations: receiveSupport,
  })
}

function row(code: CloseCode) {
  return {
    ...code,
    sources: sourcesOf(code),
    texts: Object.fromEntries(allWords.map(({ tag, table: { codes } }) => [tag, codes[code.id]])),
  }
}

/** The JSON Schema of the table. */
export function schema(): object {
  return z.toJSONSchema(tableSchema, { io: 'output' })
}
