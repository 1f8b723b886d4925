import type { WorkerInfo } from '../operate/index.ts'
import type { WorkerLink } from './worker-link.ts'

/** The worker as an operator sees it, by its last report. */
export function workerInfo(worker: WorkerLink): WorkerInfo {
  const { id, pid, state, generation, version, startedAt, report } = worker
  let connections = 0
  for (const route of report?.snapshot.routes ?? [])
    connections += route.connections.open + route.connections.held + route.connections.closing
  const shown = state === 'carrying' ? 'leaving' : state
  return { id, pid, state: shown, generation, version, startedAt, connections, process: report?.process }
}
