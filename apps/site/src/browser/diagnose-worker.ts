// Reads a configuration away from the page, so that no text, however long it takes, makes the page stand still.
import {
  type ConfigKind,
  type ConfigProblem,
  fix,
  type Level,
  readProxyConfig,
  title,
  why,
} from '@holdfast/doctor/readers'

/** What the page asks. */
export interface Question {
  readonly text: string
  readonly kind: ConfigKind | ''
}

/** One finding, in words. */
export interface Told {
  readonly code: string
  readonly level: Level
  readonly line: number
  readonly title: string
  readonly why: string
  readonly fix: readonly string[]
}

/** What the page is told. */
export interface Answer {
  readonly kinds: readonly ConfigKind[]
  readonly findings: readonly Told[]
  readonly problems: readonly ConfigProblem[]
  readonly unread: readonly ConfigProblem[]
}

const here = globalThis as unknown as {
  onmessage: (event: MessageEvent<Question>) => void
  postMessage(answer: Answer): void
}

here.onmessage = ({ data: { text, kind } }) => {
  const { kinds, findings, problems, unread } = readProxyConfig(text, kind === '' ? {} : { kind })
  here.postMessage({
    kinds,
    problems,
    unread,
    findings: findings.map((finding) => ({
      code: finding.code,
      level: finding.level,
      line: finding.where && 'line' in finding.where ? finding.where.line : 1,
      title: title(finding),
      why: why(finding),
      fix: fix(finding),
    })),
  })
}
