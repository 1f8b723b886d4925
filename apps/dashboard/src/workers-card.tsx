import type { DashboardFrame, WorkerInfo } from './frame.ts'
import { known, n, t } from './translate.ts'
import { connectionsText, count, size } from './words.ts'

/** The workers by generation: during an upgrade there are two. */
export function WorkersCard({ frame }: { frame: DashboardFrame }) {
  const { workers } = frame
  const generations = [...new Set(workers.map(({ generation }) => generation))].sort((a, b) => b - a)
  return (
    <section class="card" aria-labelledby="workers">
      <h2 id="workers">{t('Workers')}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Worker')}</th>
            <th scope="col">{t('State')}</th>
            <th scope="col" class="number">
              {t('Connections')}
            </th>
            <th scope="col" class="number">
              {t('Memory')}
            </th>
            <th scope="col" class="number wide">
              {t('Event loop delay')}
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
      <Carriers frame={frame} />
      <Fronts frame={frame} />
      <Replaced frame={frame} />
    </section>
  )
}

/** Workers of earlier generations that still carry connections of others. */
function Carriers({ frame: { carriers = [] } }: { frame: DashboardFrame }) {
  return (
    <>
      {carriers.map(({ id, pid, version, connections, memory, draining }) => (
        <p class="note" key={id}>
          {t(
            'Worker {n} (pid {pid}, version {version}) carries TLS, HTTP/2 or wss of {connections} · {size}',
            {
              n: id,
              pid,
              version,
              connections: connectionsText(connections),
              size: size(memory),
            },
          )}
          {draining && t(' · is drained')}
        </p>
      ))}
    </>
  )
}

function Fronts({ frame: { fronts = [] } }: { frame: DashboardFrame }) {
  return (
    <>
      {fronts.map(({ id, pid, version, connections, memory }) => (
        <p class="note" key={`front ${id}`}>
          {t('Front {n} (pid {pid}, version {version}) does TLS for {connections} · {size}', {
            n: id,
            pid,
            version,
            connections: connectionsText(connections),
            size: size(memory),
          })}
        </p>
      ))}
    </>
  )
}

/** What was lost since the start. */
function Replaced({
  frame: { frontRestarts = 0, workerRestarts, socketsDropped },
}: {
  frame: DashboardFrame
}) {
  return (
    <>
      {frontRestarts > 0 && (
        <p class="note">
          {n(
            frontRestarts,
            'Since the start {n} front was replaced.',
            'Since the start {n} fronts were replaced.',
          )}
        </p>
      )}
      {(workerRestarts > 0 || socketsDropped > 0) && (
        <p class="note">
          {n(
            workerRestarts,
            'Since the start {n} worker was replaced',
            'Since the start {n} workers were replaced',
          )}
          {socketsDropped > 0 &&
            n(socketsDropped, ', {n} new connection was dropped', ', {n} new connections were dropped')}
          .
        </p>
      )}
    </>
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
          {t('Generation {n}', { n: generation })}
          <span>
            {version && t(' · version {version}', { version })} ·{' '}
            {n(mine.length, '{n} worker', '{n} workers')} · {connectionsText(total)}
            {!alone && (leaving ? t(' · leaving') : t(' · taking over'))}
          </span>
        </th>
      </tr>
      {mine.map(({ id, pid, state, connections, process }) => (
        <tr key={id}>
          <th scope="row">
            {id} <span class="address">{t('pid {n}', { n: pid })}</span>
          </th>
          <td>
            <span class={`badge ${state === 'ready' ? 'good' : 'warn'}`}>{known(state)}</span>
          </td>
          <td class="number">{count(connections)}</td>
          <td class="number">{process ? size(process.memory) : ''}</td>
          <td class="number wide">{process ? `${process.delay.toFixed(1)} ms` : ''}</td>
        </tr>
      ))}
    </tbody>
  )
}
