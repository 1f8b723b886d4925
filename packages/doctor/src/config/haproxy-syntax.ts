/** Reads the language of haproxy.cfg: sections, and a line of words for each setting. */
import { ConfigError, type ConfigFile, type Place, type Report } from './context.ts'

/** One line of a section. */
export interface Line {
  words: string[]
  place: Place
}

/** A section: `frontend www`, `defaults`, `backend app`. */
export interface Section {
  type: string
  name: string
  lines: Line[]
  place: Place
  /** The defaults that it takes what it does not say from. */
  defaults?: Section
}

const sections: readonly string[] = [
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'resolvers',
  'userlist',
  'program',
  'cache',
  'mailers',
  'ring',
  'http-errors',
  'fcgi-app',
  'crt-store',
  'crt-list',
  'log-forward',
  'log-profile',
  'traces',
  'acme',
]

/** The sections of some files, in their order; files share defaults as HAProxy does with several -f. */
export function parseHaproxy(files: readonly ConfigFile[], report: Report): Section[] {
  const found: Section[] = []
  let defaults: Section | undefined
  for (const file of files) {
    let section: Section | undefined
    let told = false
    file.text.split('\n').forEach((row, index) => {
      const place = { file: file.path, line: index + 1 }
      const words = report.guard(() => wordsOf(row, place)) ?? []
      const [first = '', name = ''] = words
      // Conditions such as .if stand on lines of their own; both branches are read.
      if (first === '' || first.startsWith('.')) return
      if (sections.includes(first)) {
        const from = words.indexOf('from')
        const base =
          from > 0 ? found.find((one) => one.type === 'defaults' && one.name === words[from + 1]) : defaults
        section = {
          type: first,
          name: from === 1 ? '' : name,
          lines: [],
          place,
          ...(base && { defaults: base }),
        }
        if (first === 'defaults') {
          if (from < 0) delete section.defaults
          defaults = section
        }
        found.push(section)
      } else if (section) {
        section.lines.push({ words, place })
      } else if (!told) {
        told = true
        report.problem(place, `"${first.slice(0, 40)}" stands in no section`)
      }
    })
  }
  return found
}

/** The words of a line: quotes and backslashes as in the shell, a comment from # on. */
function wordsOf(row: string, place: Place): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < row.length; index++) {
    const char = row[index] ?? ''
    if (char === '\\' && quote !== "'") {
      word = (word ?? '') + (row[++index] ?? '')
    } else if (quote) {
      if (char === quote) quote = ''
      else word += char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '#') {
      break
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote) throw new ConfigError(place, 'a quote is not closed')
  return word === undefined ? words : [...words, word]
}
