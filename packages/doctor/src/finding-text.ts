import type { FindingCode } from './findings.ts'

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
