// Writes docs/holdfast.schema.json, the JSON Schema that editors use, from the schema that the gateway validates
// with. Needs a build: npm run build && node tools/render-config-schema.mjs
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configJsonSchema } from '../packages/gateway/dist/config/json-schema.js'

const root = join(import.meta.dirname, '..')
const file = join(root, 'docs/holdfast.schema.json')
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
execFileSync('npx', ['biome', 'format', '--write', file], { cwd: root, stdio: 'inherit' })
