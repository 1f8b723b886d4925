// What one worker is asked, with a time limit, and what becomes of its answers: for this process, or for another that goes on
// with the worker.
import { type Clock, GatewayError, type Handle } from '../core/index.ts'
import type { Channel, Requests, RequestType, ToWorker } from '../worker/index.ts'
import { timeoutUnlessStopped } from './timeout-unless-stopped.ts'

interface PendingRequest {
  resolve(value: never): void
  reject(error: GatewayError): void
  cancel(): void
}

export interface AskOptions<T extends RequestType> {
  /** Milliseconds. */
  timeoutMs?: number
  handle?: Handle
  /** Called with the answer before anything else that the worker says is read. */
  onAnswer?: (answer: Requests[T]['answer']) => void
}

/** Milliseconds that an ordinary request may take. */
const requestTimeoutMs = 5000

export class WorkerQuestions {
  readonly #worker: number
  readonly #channel: Channel
  readonly #clock: Clock
  readonly #pending = new Map<number, PendingRequest>()
  /** Numbers of another process's questions there, by those that they have here. */
  readonly #forwarded = new Map<number, number>()
  #lastRequest = 0
  #hasEnded = false

  constructor(worker: number, channel: Channel, clock: Clock) {
    this.#worker = worker
    this.#channel = channel
    this.#clock = clock
  }

  /** Rejects when the worker ends, refuses, or does not answer within `timeoutMs`. */
  ask<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    { timeoutMs = requestTimeoutMs, handle, onAnswer }: AskOptions<T>,
  ): Promise<Requests[T]['answer']> {
    const worker = this.#worker
    if (this.#hasEnded) return Promise.reject(workerError(`worker ${worker} has ended`))
    const request = ++this.#lastRequest
    return new Promise<Requests[T]['answer']>((resolve, reject) => {
      const cancel = timeoutUnlessStopped(this.#clock, timeoutMs, () => {
        this.#pending.delete(request)
        reject(workerError(`worker ${worker} did not answer '${type}' in ${timeoutMs} ms`, 'worker_silent'))
      })
      const answered = (answer: Requests[T]['answer']) => {
        onAnswer?.(answer)
        resolve(answer)
      }
      this.#pending.set(request, { resolve: answered, reject, cancel })
      this.#channel.send({ type, request, ...ask } as ToWorker, handle)
    })
  }

  answered(request: number, value: Requests[RequestType]['answer']): void {
    this.#settle(request)?.resolve(value as never)
  }

  refused(request: number, why: string): void {
    this.#settle(request)?.reject(workerError(why))
  }

  /** The worker has ended, and this is how: nothing will be answered any more. */
  end(how: string): void {
    this.#hasEnded = true
    for (const request of [...this.#pending.keys()])
      this.#settle(request)?.reject(workerError(`worker ${this.#worker} has ended: ${how}`))
  }

  #settle(request: number): PendingRequest | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    pending?.cancel()
    return pending
  }

  /** What another process says to the worker: its questions get numbers of here. */
  renumbered(message: ToWorker): ToWorker {
    if (!('request' in message) || message.type === 'admission') return message
    const request = ++this.#lastRequest
    this.#forwarded.set(request, message.request)
    return { ...message, request }
  }

  /** The number that a question has in the other process; undefined: it was not asked there. Each is told once. */
  forwardedAs(request: number): number | undefined {
    const there = this.#forwarded.get(request)
    this.#forwarded.delete(request)
    return there
  }

  /** There is no other process any more, or it is another one. */
  forgetForwarded(): void {
    this.#forwarded.clear()
  }
}

function workerError(message: string, code = 'worker'): GatewayError {
  return new GatewayError(code, 'gateway', message)
}
