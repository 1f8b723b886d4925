import type { ReloadResult } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { reloadShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

/** Milliseconds: a reload has a time limit of its own for each of its steps. */
const answerWithin = 60_000

type Reloaded = Omit<Extract<ReloadResult, { ok: true }>, 'ok'>

export function registerReload(program: Command, io: Io): void {
  const command = program
    .command('reload')
    .summary('read the configuration again')
    .description('Read the configuration and its certificates again. An invalid file changes nothing.')
  withAdminFlags(command).action((flags: AdminFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => ask<Reloaded>('POST', '/api/reload', { within: answerWithin, shape: reloadShape }),
      showReload,
    ),
  )
}

function showReload({ changes, notes, drained }: Reloaded): string {
  const lines = changes.length > 0 ? changes : ['reloaded: nothing has changed']
  if (drained > 0) lines.push(`${drained} connections are being drained`)
  return [...lines, ...notes].map((line) => `${line}\n`).join('')
}
