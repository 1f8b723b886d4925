/** Regular expressions that stand in a configuration: whoever wrote it may have written one that takes for ever. */
import vm from 'node:vm'

/** Milliseconds: an expression that is meant to be used on each request takes microseconds. */
const limit = 50

const context = vm.createContext(Object.create(null))
const script = new vm.Script('pattern.test(text)')

/** Whether the text fits. Throws when that takes too long. */
export function testForeign(pattern: RegExp, text: string): boolean {
  Object.assign(context, { pattern, text })
  return script.runInContext(context, { timeout: limit }) as boolean
}

/** The same; an expression that takes too long fits nothing. */
export function fitsForeign(pattern: RegExp, text: string): boolean {
  try {
    return testForeign(pattern, text)
  } catch {
    return false
  }
}
