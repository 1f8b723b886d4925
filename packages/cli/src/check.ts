// `holdfast check`: asks the doctor, prints what it found.
import * as doctor from '@holdfast/doctor'
import { readProxyConfigFlag } from './check-config.ts'
import { type CheckFlags, readHeader, withWords } from './check-flags.ts'
import { checkHold } from './check-hold.ts'
import { checkRestartFlag } from './check-restart.ts'
import { readDuration } from './duration-argument.ts'
import { findingBlock, layerLines, summary, toExplain } from './findings-page.ts'
import { sheetOf } from './layout.ts'
import { Failure, type Io, printJson } from './output.ts'

/** Checks a URL, or the configuration of a proxy. With `--json` an error, too, is one document. */
export async function check(url: string | undefined, flags: CheckFlags, io: Io): Promise<void> {
  try {
    if (flags.restart !== undefined) {
      if (flags.proxyConfig !== undefined || flags.upstream !== undefined) {
        throw new Failure(2, 'give --restart without --proxy-config and --upstream', 'wrong_use')
      }
      return await checkRestartFlag(flags.restart, url, flags, io)
    }
    if (flags.proxyConfig !== undefined && url !== undefined) {
      throw new Failure(2, 'give a URL or --proxy-config, not both', 'wrong_use')
    }
    if (flags.proxyConfig !== undefined) return await readProxyConfigFlag(flags.proxyConfig, flags, io)
    if (url === undefined)
      throw new Failure(2, 'give a URL to check, or --proxy-config FILE, or --restart COMMAND', 'wrong_use')
    if (flags.hold) return await checkHold(url, flags, io)
    await checkUrl(url, flags, io)
  } catch (error) {
    if (!(error instanceof Failure) || !flags.json || error.lines.length === 0) throw error
    printJson(io, { error: { code: error.code, message: error.lines.join('\n') } })
    throw new Failure(error.status, [], error.code)
  }
}

async function checkUrl(url: string, flags: CheckFlags, io: Io): Promise<void> {
  const sheet = sheetOf(io)
  const interrupt = onInterrupt()
  let shown: 'url' | 'upstream' | undefined
  const onLayer: doctor.CheckOptions['onLayer'] = (report, endpoint) => {
    if (flags.json) return
    if (endpoint !== shown) {
      const heading = endpoint === 'url' ? url : `\nupstream ${flags.upstream}`
      io.stdout.write(`${sheet.paint('bold', heading)}\n`)
      shown = endpoint
    }
    io.stdout.write(layerLines(report, doctor, sheet))
  }
  let result: doctor.CheckResult
  try {
    result = await doctor.check(url, { ...optionsOf(flags), signal: interrupt.signal, onLayer })
  } catch (error) {
    // The only thing that it throws: a header or subprotocol that cannot be sent.
    throw new Failure(2, (error as Error).message, 'wrong_use')
  } finally {
    interrupt.undo()
  }
  if (flags.json) printJson(io, documentOf(result))
  else {
    for (const finding of toExplain(result)) io.stdout.write(`\n${findingBlock(finding, doctor, sheet)}`)
    io.stdout.write(`\n${summary(result, sheet)}\n`)
  }
  const status = statusOf(result)
  if (status > 0) throw new Failure(status as 1 | 2, [])
}

/** The first Ctrl-C ends the check, which then says what it knows; the second ends the process as usual. */
function onInterrupt(): { signal: AbortSignal; undo(): void } {
  const controller = new AbortController()
  const stop = () => controller.abort()
  process.once('SIGINT', stop)
  return { signal: controller.signal, undo: () => process.off('SIGINT', stop) }
}

function optionsOf({ upstream, protocol, header, timeout, idle }: CheckFlags): doctor.CheckOptions {
  return {
    ...(upstream !== undefined && { upstream }),
    protocols: protocol ?? [],
    headers: (header ?? []).map(readHeader),
    ...(timeout !== undefined && { timeout: readDuration('--timeout', timeout) }),
    ...(idle !== undefined && { idle: readDuration('--idle', idle) }),
  }
}

/** A URL that nothing can be asked of is wrong use; a check that was stopped has not shown that all is healthy. */
function statusOf(result: doctor.CheckResult): 0 | 1 | 2 {
  const ends = result.upstream ? [result, result.upstream] : [result]
  if (ends.some(({ layers }) => layers[0]?.level === 'error')) return 2
  return result.complete && ends.every(({ healthy }) => healthy) ? 0 : 1
}

function documentOf({ layers, upstream, conclusions, ...rest }: doctor.CheckResult) {
  const reports = (all: doctor.LayerReport[]) =>
    all.map(({ ms, findings, ...report }) => ({
      ...report,
      ms: Math.round(ms * 10) / 10,
      findings: findings.map(withWords),
    }))
  return {
    ...rest,
    layers: reports(layers),
    ...(upstream && { upstream: { ...upstream, layers: reports(upstream.layers) } }),
    conclusions: conclusions.map(withWords),
  }
}
