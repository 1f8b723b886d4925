/**
 * Milliseconds after which a wait fails unless it says otherwise. It only bounds what never comes: on a machine with much
 * else to do, what comes may take long, and a test says nothing about that.
 */
export const waitLimitMs = 45_000

/** Calls the listener on every change; returns the undo. */
export type Subscribe = (listener: () => void) => () => void

export interface EventuallyOptions {
  /** Milliseconds after which the wait fails. Default: {@link waitLimitMs}. */
  limit?: number
  /** Look again whenever this reports a change. Without it, `check` is asked every `every` milliseconds. */
  on?: Subscribe
  /** Milliseconds between two looks when there is nothing to subscribe to. Default 20. */
  every?: number
  /** What to show when the wait fails: the state as it is. */
  detail?: () => unknown
}

type Falsy = false | 0 | '' | null | undefined

/** Resolves with the first truthy value that `check` gives; past the limit it fails and says what it saw. */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, Falsy>> {
  const { limit = waitLimitMs, on, every = 20, detail } = options
  const deadline = performance.now() + limit
  for (;;) {
    const change = nextChange(on, on ? deadline - performance.now() : every)
    try {
      const value = await check()
      if (value) return value as Exclude<T, Falsy>
      if (performance.now() >= deadline) throw new Error(failure(what, limit, detail))
      await change.promise
    } finally {
      change.undo()
    }
  }
}

/** Subscribes before the look, so that a change during an asynchronous look is not missed. */
function nextChange(on: Subscribe | undefined, limit: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let unsubscribe: (() => void) | undefined
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(limit, 0))
    unsubscribe = on?.(resolve)
  })
  return {
    promise,
    undo() {
      clearTimeout(timer)
      unsubscribe?.()
    },
  }
}

/** The words of a wait that came to nothing. */
export function failure(what: string, limit: number, detail?: () => unknown): string {
  const seen = detail ? `; seen: ${show(detail())}` : ''
  return `not within ${limit} ms: ${what}${seen}`
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > 2_000 ? `${text.slice(0, 2_000)} …` : text
}

/**
 * The same promise, for who awaits something else before it. A test that fails there has failed: what it then leaves behind
 * is no second failure, outside of every test, for which a run ends with 1 even when the test passes as it is repeated.
 */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** Fails when the promise does not settle in time; the promise itself goes on. */
export async function within<T>(
  limit: number,
  what: string,
  promise: PromiseLike<T>,
  detail?: () => unknown,
) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(failure(what, limit, detail))), limit)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
