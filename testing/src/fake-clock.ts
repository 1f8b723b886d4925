/** What timed code takes in place of the globals, so that a test can move time by hand. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number
  /** Milliseconds since 1970, which may jump. */
  wall(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

export interface FakeClock extends Clock {
  /** Moves time and runs, in order, what falls due, without letting promises settle in between. */
  tick(ms: number): void
  /** Like `tick`, but after each timer waits until promises have settled, so that chains of waits go on. */
  advance(ms: number): Promise<void>
  /** Sets the wall clock forth or back; `now` and the timers do not know. */
  stepWall(ms: number): void
  /** Moves time without running what falls due: nothing ran meanwhile, as in a process that was stopped. */
  jump(ms: number): void
  /** How many timers wait. */
  readonly pending: number
}

interface Timer {
  due: number
  order: number
  callback: () => void
}

/** A clock that stands still until the test moves it. Its functions may be passed on without the object. */
export function fakeClock(start = 0): FakeClock {
  let time = start
  let order = 0
  let stepped = 0
  const timers = new Set<Timer>()

  function takeDue(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of timers) {
      if (timer.due > end) continue
      if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) next = timer
    }
    if (next) {
      timers.delete(next)
      time = Math.max(time, next.due)
    }
    return next
  }

  return {
    now: () => time,
    wall: () => time + stepped,
    stepWall(ms) {
      stepped += ms
    },
    setTimeout(callback, ms) {
      const timer = { due: time + Math.max(ms, 0), order: order++, callback }
      timers.add(timer)
      return timer
    },
    clearTimeout(timer) {
      timers.delete(timer as Timer)
    },
    tick(ms) {
      const end = time + ms
      for (let timer = takeDue(end); timer; timer = takeDue(end)) timer.callback()
      time = end
    },
    async advance(ms) {
      const end = time + ms
      await settled()
      for (let timer = takeDue(end); timer; timer = takeDue(end)) {
        timer.callback()
        await settled()
      }
      time = end
    },
    jump(ms) {
      time += ms
    },
    get pending() {
      return timers.size
    },
  }
}

/** A turn of the event loop: every promise chain that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
