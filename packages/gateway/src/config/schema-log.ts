// The key `log`: where a line is written for each connection, and what it shows.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { AccessLogOptions } from '../core/index.ts'
import { type Path, show, Wrong } from './errors.ts'
import { choice, section, text } from './fields.ts'

type Place = AccessLogOptions['access'] | 'off'

function readPlace(value: string): Place | Wrong {
  if (value === 'off' || value === 'stdout') return value
  const wrong = `must be stdout, off, or the path of a file, not ${show(value)}`
  if (value === 'stderr' || value === '/dev/stderr')
    return new Wrong(wrong, 'standard error has the other log: write stdout, or a file')
  if (value === 'on' || value === 'true') return new Wrong(wrong, 'write stdout, or a file')
  if (/^(?:syslog|unix|[a-z]+:\/\/)/i.test(value))
    return new Wrong(wrong, 'write stdout, and let a log collector read it')
  if (value === '' || /[\0-\x1f\x7f]/.test(value)) return new Wrong(wrong)
  return value === '-' ? 'stdout' : { file: value }
}

function readParameter(value: string): string | Wrong {
  if (/^[^\s&=;?#]{1,100}$/.test(value)) return value
  return new Wrong(`must be the name of a parameter such as token, not ${show(value)}`)
}

const names = z.array(text('the name of a parameter such as token', readParameter))

const mask = z
  .union([names, z.literal([false, 'off'])], {
    error: () => 'must be a list of names of parameters, or off',
  })
  .transform((value) => (Array.isArray(value) ? value : (false as const)))

/** An access log, or none; the path of its file is still as written. */
export const log = section({
  access: text('stdout, off, or the path of a file', readPlace)
    .prefault('off')
    .describe(
      'Where a line goes for each connection at its end and each refused handshake: stdout, a file, or off.',
    ),
  format: choice(['json', 'combined'])
    .default('json')
    .describe('How a line is written: JSON, or Combined as other servers write it, with more fields behind.'),
  mask: mask
    .prefault([])
    .describe(
      'Parameters of queries whose values are left out, beside the usual ones such as token; off: none are.',
    ),
})

/** What is wrong with a file that lines shall be added to, if anything. Changes nothing. */
export async function accessFileFault(path: string): Promise<Wrong | undefined> {
  const rights = 'give the user that runs holdfast permission to write there'
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return new Wrong('is a directory', 'name a file in it')
  if (found) {
    const may = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    )
    return may ? undefined : new Wrong('may not be written', rights)
  }
  const folder = dirname(path)
  const holds = await stat(folder).catch(() => undefined)
  if (!holds?.isDirectory())
    return new Wrong(`is in a folder that is not there: ${show(folder)}`, 'make the folder')
  const may = await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  return may ? undefined : new Wrong('is in a folder that may not be written', rights)
}

/** What is allowed and yet hardly meant. */
export function logWarnings(
  written: { access: Place; format?: string; mask: string[] | false } | undefined,
): {
  path: Path
  wrong: Wrong
}[] {
  if (!written) return []
  if (written.access === 'off') {
    const wrong = new Wrong(
      'has no effect while log.access is off',
      'write log: { access: stdout }, or a file',
    )
    return written.mask === false || written.mask.length > 0 || written.format === 'combined'
      ? [{ path: ['log'], wrong }]
      : []
  }
  if (written.mask !== false) return []
  const wrong = new Wrong(
    'is off: tokens in queries stand in the access log as they came',
    'leave mask out, or list the names of your own parameters',
  )
  return [{ path: ['log', 'mask'], wrong }]
}
