import { maxReasonBytes, mayTravel } from '@holdfast/close-codes'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import { Failure, type Io } from '../output.ts'
import { object, text } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface CloseFlags extends AdminFlags {
  code: string
  reason?: string
}

export function registerClose(program: Command, io: Io): void {
  const command = program
    .command('close')
    .summary('close one connection')
    .description(
      'Close one connection, both sides of it. 1012 tells the client to reconnect, 1008 not to: see `holdfast explain`.',
    )
    .argument('<id>', 'the connection, named as `holdfast connections` shows it')
    .option('--code <code>', 'close code that both sides are told', '1012')
    .option('--reason <text>', `why, at most ${maxReasonBytes} bytes`)
  withAdminFlags(command).action((id: string, flags: CloseFlags) => close(id, flags, io))
}

async function close(id: string, { code, reason = '', ...flags }: CloseFlags, io: Io): Promise<void> {
  if (!/^\d{4}$/.test(code) || !mayTravel(Number(code)))
    throw new Failure(
      2,
      `--code ${code} cannot stand in a Close frame; \`holdfast codes\` lists those that can`,
    )
  const bytes = Buffer.byteLength(reason)
  if (bytes > maxReasonBytes)
    throw new Failure(2, `--reason has ${bytes} bytes; a Close frame has room for ${maxReasonBytes}`)
  const body = { code: Number(code), reason }
  const path = `/api/connections/${encodeURIComponent(id)}/close`
  await runAdminCommand(
    io,
    flags,
    (ask) => ask<{ closed: string }>('POST', path, { body, shape: object({ closed: text }) }),
    ({ closed }) => `closed ${closed} with ${code}\n`,
  )
}
