// What a worker says unasked, and who acts on it.
import type { Handle } from '../core/index.ts'
import type { AdmissionAnswer, FromWorker } from '../worker/index.ts'
import type { Admissions } from './admissions.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPoolDeps } from './worker-pool-deps.ts'

export interface FromWorkerHooks
  extends Pick<
    WorkerPoolDeps,
    'askAboutSessions' | 'onSocketTaken' | 'onSocketsLeft' | 'onEvents' | 'onMove' | 'onSecured'
  > {
  admissions: Admissions
  /** Whether it has not ended. */
  isThere: (worker: WorkerLink) => boolean
  /** Those that have connections. */
  serving: () => readonly WorkerLink[]
  /** It drains after a fault. */
  onFaulty: (worker: WorkerLink) => void
}

export function onWorkerMessage(
  worker: WorkerLink,
  message: FromWorker,
  handle: Handle | undefined,
  hooks: FromWorkerHooks,
): void {
  switch (message.type) {
    case 'faulty':
      hooks.onFaulty(worker)
      break
    case 'took':
      hooks.onSocketTaken(worker, message.id)
      break
    case 'left':
      hooks.onSocketsLeft(worker, message.sockets)
      break
    case 'changed':
      worker.change(message.routes)
      break
    case 'unanswered':
      for (const other of hooks.serving()) if (other !== worker) other.send(message)
      break
    case 'events':
      hooks.onEvents(worker, message.events, message.dropped)
      break
    case 'admit': {
      const answer = hooks.admissions.admit(worker.id, message.route, message.limits, message.address)
      if (answer instanceof Promise)
        void answer.then((later) => answerAdmission(worker, message.request, later, hooks))
      else answerAdmission(worker, message.request, answer, hooks)
      break
    }
    case 'enter': {
      const answer = hooks.admissions.enter(worker.id, message.route, message.address)
      worker.send({ type: 'admission', request: message.request, answer })
      break
    }
    case 'release':
      hooks.admissions.release(worker.id, message.admission)
      break
    case 'session-ask':
      void hooks.askAboutSessions?.(message.about).then((answer) => {
        if (hooks.isThere(worker)) worker.send({ type: 'session-answer', ask: message.ask, answer })
      })
      break
    case 'secured':
      hooks.onSecured?.(worker, message, handle)
      break
    case 'move':
    case 'move-upstream':
    case 'adopted':
    case 'not-adopted':
    case 'leaving':
      hooks.onMove(worker, message, handle)
  }
}

function answerAdmission(
  worker: WorkerLink,
  request: number,
  answer: AdmissionAnswer,
  { isThere, admissions }: Pick<FromWorkerHooks, 'isThere' | 'admissions'>,
): void {
  // It may have ended while a fleet was asked, and its admissions been given back.
  if (isThere(worker)) worker.send({ type: 'admission', request, answer })
  else admissions.releaseAll(worker.id)
}
