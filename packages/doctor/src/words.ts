import type { Finding, FindingCode } from './findings.ts'
import { en } from './text/en.ts'

/** The words of one finding. `{name}` stands for the argument of that name. */
export interface FindingText {
  /** One line: what is wrong, without a full stop. */
  title: string
  /** A sentence or two: what goes wrong, and why. */
  why: string
  /** What to do: lines to write into a configuration, or a command to run, each as it would stand there. */
  fix: readonly string[]
}

/** The words of the findings whose codes begin with one of these names. */
export type TextsOf<Name extends string> = Readonly<
  Record<Extract<FindingCode, `${Name}-${string}`>, FindingText>
>

/** The words of every finding, in one language. */
export type FindingTexts = Readonly<Record<FindingCode, FindingText>>

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
