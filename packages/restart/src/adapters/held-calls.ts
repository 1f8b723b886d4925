// A framework has an end of its own: `close`, `destroy`, `teardown`. Handlers of the same signal call it, those of the
// framework and those of the application, and it cuts the clients before they have been told anything.
import { replaceMethod } from './replace-method.ts'

/** Calls of an object's methods that wait. */
export interface HeldCalls {
  /** Runs what was called meanwhile, or else the first of the methods, and resolves when that has ended. */
  run(): Promise<void>
  /** Gives their results to the callers, and the object its own methods again. */
  release(): void
}

/**
 * Whoever calls one of these methods from now on waits: the call is made in `run`, and returns after `release`, so
 * that a handler which exits the process behind it does so when all is done. Names that the object lacks are passed over.
 */
export function holdCalls(object: object, names: readonly string[]): HeldCalls {
  const target = object as Record<string, (...args: unknown[]) => unknown>
  const methods = names.filter((name) => typeof target[name] === 'function')
  const calls: Promise<unknown>[] = []
  const [begun, begin] = gate()
  const [ended, end] = gate()

  async function call(name: string, args: unknown[]): Promise<unknown> {
    const result = begun.then(() => target[name]!(...args))
    calls.push(result)
    await Promise.allSettled([result, ended])
    return result
  }

  const undo = methods.map((name) => replaceMethod(object, name, (...args) => call(name, args)))
  function giveBack(): void {
    for (const each of undo.splice(0)) each()
    begin()
  }

  return {
    async run() {
      giveBack()
      const [first] = methods
      if (calls.length === 0 && first !== undefined) calls.push(Promise.resolve(target[first]!()))
      await Promise.all(calls)
    },
    release() {
      giveBack()
      end()
    },
  }
}

function gate(): [opened: Promise<void>, open: () => void] {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return [opened, open]
}
