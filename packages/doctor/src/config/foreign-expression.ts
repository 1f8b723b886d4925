/** Regular expressions that stand in a configuration: whoever wrote it may have written one that takes for ever. */

/** Milliseconds of work: an expression that is meant to be used on each request takes microseconds. */
const limit = 50
/** How often a test that was cut short is begun again, while it was the machine that had no time for it. */
const tries = 20

/** Whether the text fits. Throws when that takes too long. */
export const testForeign = tester()

/** The same; an expression that takes too long fits nothing. */
export function fitsForeign(pattern: RegExp, text: string): boolean {
  try {
    return testForeign(pattern, text)
  } catch {
    return false
  }
}

function tester(): (pattern: RegExp, text: string) => boolean {
  // Not by an import: the readers run in a page, too, where there is none. There whoever reads is a worker, which is ended
  // when its time is over.
  const vm = globalThis.process?.getBuiltinModule?.('node:vm')
  if (!vm) return (pattern, text) => pattern.test(text)
  const context = vm.createContext(Object.create(null))
  const script = new vm.Script('pattern.test(text)')
  return (pattern, text) => {
    Object.assign(context, { pattern, text })
    const worked = workMeter()
    for (let attempt = 1; ; attempt++) {
      try {
        return script.runInContext(context, { timeout: limit }) as boolean
      } catch (error) {
        // The limit of `node:vm` goes by the clock, and a busy machine may stop this process for longer than that.
        if (attempt === tries || worked() >= limit) throw error
      }
    }
  }
}

/** Milliseconds that this process has worked since. */
function workMeter(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}
