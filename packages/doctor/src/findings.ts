import type { FindingRow, Level } from './finding-row.ts'
import { configFindings } from './findings-config.ts'
import { probeFindings } from './findings-probe.ts'
import { restartFindings, softwareFindings } from './findings-restart.ts'

export type { FindingRow, Level } from './finding-row.ts'

/** The layers of a live endpoint, in the order in which a connection meets them. */
export type Layer =
  | 'url'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'upgrade'
  | 'accept'
  | 'ping'
  | 'close'
  | 'idle'
  | 'large-message'
  | 'server'

/** Every finding of the doctor by its code: in configurations, by live probes, of a restart, and of servers that show themselves. */
export const findings = {
  ...configFindings,
  ...probeFindings,
  ...restartFindings,
  ...softwareFindings,
} as const satisfies Record<string, FindingRow>

/** The code of a finding, such as `nginx-upgrade-header`. It is also the anchor on the page of findings. */
export type FindingCode = keyof typeof findings

/** The values that the texts of a finding need, by name. */
export type ArgsOf<Code extends FindingCode> = Record<
  (typeof findings)[Code]['args'][number],
  string | number
>

/** Where a finding is: a line of a configuration, counted from 1, or a layer of a live endpoint. */
export type Where = { file: string; line: number } | { layer: Layer }

/** One thing that the doctor found, as data; its words are a view, see `title` and `fix`. */
export interface Finding {
  /** What it is, such as `nginx-upgrade-header`. It does not change between versions. */
  code: FindingCode
  /** How bad it is here; mostly the level of its row. */
  level: Level
  /** The values that its texts name in `{braces}`. */
  args: Record<string, string | number>
  /** Where it is. Absent when it concerns the whole, as conclusions from two endpoints do. */
  where?: Where
}

/** Makes a finding whose arguments fit its row, with the row's level where none is given. */
export function finding<Code extends FindingCode>(
  code: Code,
  args: ArgsOf<Code>,
  where?: Where,
  level: Level = findings[code].level,
): Finding {
  return { code, level, args, ...(where && { where }) }
}

/** Is this the code of a finding? */
export function isFindingCode(code: string): code is FindingCode {
  return Object.hasOwn(findings, code)
}
