// The place of this process: the first one, which a terminal, a container or a service manager watches, or one in which a supervisor
// has taken the place of another. It knows what to do when the next one has.
import type { ChildProcess } from 'node:child_process'
import type { createLogger } from '@holdfast/gateway'
import {
  type LineFromSupervisors,
  type LineToFirst,
  lineToFirst,
  startSuccessor,
  takeLineDescriptor,
} from './first-process.ts'
import { becomesMain } from './service-manager.ts'

const descriptor = takeLineDescriptor()

/** Whether this process shall take the place of the supervisor that has started it. */
export function startedBySupervisor(): boolean {
  return descriptor !== undefined && process.connected
}

export class Place {
  readonly #before: LineToFirst | undefined
  #after: LineFromSupervisors | undefined
  #successor: number | undefined
  #inFront = true

  /** `onAlone`: the first process has ended without a word. */
  constructor(onAlone: () => void) {
    this.#before = descriptor === undefined ? undefined : lineToFirst(descriptor, onAlone)
  }

  /** The line to the first process, when this is not it. */
  get #line(): LineToFirst | undefined {
    return this.#before && !this.#before.alone ? this.#before : undefined
  }

  /** Starts the next supervisor. */
  startSuccessor(descriptors: readonly number[]): ChildProcess {
    const { child, line } = startSuccessor(descriptors, this.#line)
    this.#after = line
    return child
  }

  /** This process is the supervisor from now on. */
  take(): void {
    this.#before?.say({ pid: process.pid })
    process.once('exit', (status) => {
      if (this.#successor === undefined) this.#before?.say({ exit: status })
    })
  }

  /** Once another supervisor has taken over: whom a signal is for, if it is passed on. */
  get replaced(): { passOnTo: number | undefined } | undefined {
    if (this.#successor === undefined) return undefined
    return { passOnTo: this.#inFront ? (this.#after?.pid ?? this.#successor) : undefined }
  }

  /**
   * Another supervisor has taken over. Resolves when this process can end: when `released` does, and whoever watches it does not need it; the
   * first process ends as the last supervisor does.
   */
  async leave(
    successor: number,
    released: Promise<void>,
    log: ReturnType<typeof createLogger>,
    env: Record<string, string | undefined>,
  ): Promise<void> {
    this.#successor = successor
    if (this.#line) {
      this.#inFront = false
      this.#line.close()
      return released
    }
    if (await becomesMain(successor, env)) {
      this.#inFront = false
      this.#after?.free()
      log.info({ pid: successor }, 'that process is the main one of the service now')
      return released
    }
    log.info({ pid: successor }, 'this process stays in front of it: it passes signals on, and ends with it')
    process.exit(await this.#after?.ended)
  }
}
