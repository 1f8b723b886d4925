import type { ReloadResult } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { reloadShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

/** Milliseconds: a reload has a time limit of its own for each of its steps. */
const answerTimeoutMs = 60_000

interface ReloadFlags extends AdminFlags {
  dryRun?: boolean
}

type Reloaded = Omit<Extract<ReloadResult, { ok: true }>, 'ok'>

export function registerReload(program: Command, io: Io): void {
  const command = program
    .command('reload')
    .summary('read the configuration again')
    .description('Read the configuration and its certificates again. An invalid file changes nothing.')
    .option('--dry-run', 'say what it would do, connections it would close included, and change nothing')
  withAdminFlags(command).action((flags: ReloadFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => {
        const body = flags.dryRun ? { dryRun: true } : undefined
        return ask<Reloaded>('POST', '/api/reload', { body, timeoutMs: answerTimeoutMs, shape: reloadShape })
      },
      flags.dryRun ? showPreview : showReload,
    ),
  )
}

function showPreview({ changes, notes, drained }: Reloaded): string {
  const end = drained > 0 ? `nothing was changed; ${drained} would be drained` : 'nothing was changed'
  const lines = changes.length > 0 ? changes : ['nothing would change']
  return [...lines, ...notes, end].map((line) => `${line}\n`).join('')
}

function showReload({ changes, notes, drained }: Reloaded): string {
  const lines = changes.length > 0 ? changes : ['reloaded: nothing has changed']
  if (drained > 0) lines.push(`${drained} connections are being drained`)
  return [...lines, ...notes].map((line) => `${line}\n`).join('')
}
