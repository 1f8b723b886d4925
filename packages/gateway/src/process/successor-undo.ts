// What has become of workers and their admissions while another supervisor was about to take over, for the case that it does not.
import type { AdmissionAnswer, FromWorker, ToWorker } from '../worker/index.ts'
import type { HeldAdmission } from './succession.ts'
import type { WorkerLink } from './worker-link.ts'

export interface SuccessorUndoDeps {
  moveAdmission: (from: number, to: number, admission: number) => void
  releaseAdmission: (worker: number, admission: number) => void
  /** The new one has counted this, and has not taken over after all. */
  keepAdmission: (held: HeldAdmission) => void
}

/** A connection that is on its way, or in a new worker. */
interface Away {
  worker: WorkerLink
  admission: number | undefined
}

export class SuccessorUndo {
  readonly #deps: SuccessorUndoDeps
  readonly #inTransit = new Map<string, Away>()
  /** By admission. */
  readonly #away = new Map<number, number>()
  /** What workers have said since it has everything; for as long as it may take until it accepts. */
  #meanwhile: { worker: WorkerLink; message: FromWorker }[] = []
  /** Its answers to those of them that ask for admissions, by worker and request. */
  readonly #answered = new Map<string, AdmissionAnswer>()

  constructor(deps: SuccessorUndoDeps) {
    this.#deps = deps
  }

  /** A worker has said this to it alone. */
  heardMeanwhile(worker: WorkerLink, message: FromWorker): void {
    this.#meanwhile.push({ worker, message })
  }

  /** A worker gives it a connection. */
  moves(worker: WorkerLink, { move, admission }: Extract<FromWorker, { type: 'move' }>): void {
    this.#inTransit.set(`${worker.id} ${move}`, { worker, admission })
  }

  /** It has said what became of that. */
  moved(id: number, { move, outcome }: Extract<ToWorker, { type: 'moved' }>): void {
    const key = `${id} ${move}`
    const { admission } = this.#inTransit.get(key) ?? {}
    this.#inTransit.delete(key)
    if (outcome === 'moved' && admission !== undefined) this.#away.set(admission, id)
  }

  /** It gives a connection back to a worker of here. */
  adopts(id: number, admission: number): void {
    const from = this.#away.get(admission)
    this.#away.delete(admission)
    if (from !== undefined) this.#deps.moveAdmission(from, id, admission)
  }

  /** It has answered a worker that asks for an admission. */
  answered(id: number, { request, answer }: Extract<ToWorker, { type: 'admission' }>): void {
    this.#answered.set(`${id} ${request}`, answer)
  }

  /** It is in charge: what workers have said was its own. */
  forget(): void {
    this.#meanwhile = []
    this.#answered.clear()
  }

  /** It is not: whoever had the connections that were given to it is gone, or has told their clients. */
  giveUp(): void {
    const { releaseAdmission } = this.#deps
    for (const [key, { worker, admission }] of this.#inTransit) {
      worker.send({ type: 'moved', move: Number(key.split(' ')[1]), outcome: 'lost' })
      if (admission !== undefined) releaseAdmission(worker.id, admission)
    }
    for (const [admission, worker] of this.#away) releaseAdmission(worker, admission)
  }

  /** What workers have told it alone; where it has given places in limits, their connections have them here, too. */
  hearAgain(): void {
    const { keepAdmission } = this.#deps
    for (const { worker, message } of this.#meanwhile) {
      if (worker.state === 'gone') continue
      const asks = message.type === 'admit' || message.type === 'enter'
      const answer = asks ? this.#answered.get(`${worker.id} ${message.request}`) : undefined
      if (!asks || !answer) worker.hear(message)
      else if (answer.ok) {
        const { route, address } = message
        keepAdmission({ id: answer.admission, worker: worker.id, route, address })
      }
    }
    this.#meanwhile = []
  }
}
