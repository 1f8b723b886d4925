import type { DashboardFrame, WorkerInfo } from './frame.ts'
import { count, plural, size } from './words.ts'

/** The workers by generation: during an upgrade there are two. */
export function WorkersCard({
  frame: { workers, carriers = [], workerRestarts, socketsDropped },
}: {
  frame: DashboardFrame
}) {
  const generations = [...new Set(workers.map(({ generation }) => generation))].sort((a, b) => b - a)
  return (
    <section class="card" aria-labelledby="workers">
      <h2 id="workers">Workers</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Connections
            </th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col" class="number wide">
              Event loop delay
            </th>
          </tr>
        </thead>
        {generations.map((generation) => (
          <Generation
            key={generation}
            generation={generation}
            workers={workers}
            alone={generations.length === 1}
          />
        ))}
      </table>
      {carriers.map(({ id, pid, version, connections, memory, draining }) => (
        <p class="note" key={id}>
          Worker {id} (pid {pid}, version {version}) carries TLS, HTTP/2 or wss of{' '}
          {plural(connections, 'connection')} ·{size(memory)}
          {draining && ' · is drained'}
        </p>
      ))}
      {(workerRestarts > 0 || socketsDropped > 0) && (
        <p class="note">
          Since the start {plural(workerRestarts, 'worker was', 'workers were')} replaced
          {socketsDropped > 0 &&
            `, ${plural(socketsDropped, 'new connection was', 'new connections were')} dropped`}
          .
        </p>
      )}
    </section>
  )
}

function Generation({
  generation,
  workers,
  alone,
}: {
  generation: number
  workers: WorkerInfo[]
  alone: boolean
}) {
  const mine = workers.filter((worker) => worker.generation === generation)
  const version = mine[0]?.version
  const leaving = mine.some(({ state }) => state === 'leaving')
  const total = mine.reduce((sum, { connections }) => sum + connections, 0)
  return (
    <tbody>
      <tr class="generation">
        <th scope="rowgroup" colSpan={5}>
          Generation {generation}
          <span>
            {version && ` · version ${version}`} · {plural(mine.length, 'worker')} ·{' '}
            {plural(total, 'connection')}
            {!alone && (leaving ? ' · leaving' : ' · taking over')}
          </span>
        </th>
      </tr>
      {mine.map(({ id, pid, state, connections, process }) => (
        <tr key={id}>
          <th scope="row">
            {id} <span class="address">pid {pid}</span>
          </th>
          <td>
            <span class={`badge ${state === 'ready' ? 'good' : 'warn'}`}>{state}</span>
          </td>
          <td class="number">{count(connections)}</td>
          <td class="number">{process ? size(process.memory) : ''}</td>
          <td class="number wide">{process ? `${process.delay.toFixed(1)} ms` : ''}</td>
        </tr>
      ))}
    </tbody>
  )
}
