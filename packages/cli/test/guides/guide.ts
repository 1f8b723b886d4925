// The guides in docs/ whose every code block runs in a test: their blocks, by language and name.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** Pages of docs/, without `.md`. */
export const guides = [
  'getting-started',
  'behind-a-proxy',
  'coming-from',
  'socket-io',
  'logs',
  'limits-of-a-machine',
  'versions',
  'faq',
] as const

export type Guide = (typeof guides)[number]

/**
 * A fenced block. Its info string is a language and a name: a file's (`yaml holdfast.yaml`) or, with `sh`, that of a terminal
 * in which it goes on running. `text` is shown and not run.
 */
export interface Block {
  guide: Guide
  line: number
  language: string
  name: string
  text: string
}

export const pageOf = (guide: Guide) => readFileSync(join(root, 'docs', `${guide}.md`), 'utf8')

export function blocksOf(guide: Guide): Block[] {
  const page = pageOf(guide)
  return [...page.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', name = '', text = ''] = match
    return { guide, line: page.slice(0, match.index).split('\n').length, language, name, text }
  })
}

/** The text of the only block of a guide with this name. */
export function blockNamed(guide: Guide, name: string): string {
  const found = blocksOf(guide).filter((block) => block.name === name)
  if (found.length !== 1) throw new Error(`docs/${guide}.md has ${found.length} blocks named ${name}`)
  return found[0]!.text
}

/** A folder with these files, in which the packages of this workspace resolve; gone on dispose. */
export function folderWith(files: Record<string, string>): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-guide-'))
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
