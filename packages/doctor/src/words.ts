import type { FindingTexts } from './finding-text.ts'
import type { Finding } from './findings.ts'
import { en } from './text/en.ts'

export type { FindingText, FindingTexts } from './finding-text.ts'

/** What is wrong, in one line. */
export function title(finding: Finding, texts: FindingTexts = en): string {
  return fill(texts[finding.code].title, finding.args)
}

/** What goes wrong because of it, in a sentence or two. */
export function why(finding: Finding, texts: FindingTexts = en): string {
  return fill(texts[finding.code].why, finding.args)
}

/** The lines to write, or the commands to run. */
export function fix(finding: Finding, texts: FindingTexts = en): string[] {
  return texts[finding.code].fix.map((line) => fill(line, finding.args))
}

/** Configuration languages have braces of their own, so only those that name an argument are places. */
function fill(template: string, args: Finding['args']): string {
  return template.replace(/\{([a-z]\w*)\}/gi, (place, name: string) =>
    Object.hasOwn(args, name) ? String(args[name]) : place,
  )
}
