import type { DashboardFrame } from './frame.ts'
import { known, t } from './translate.ts'
import { count } from './words.ts'

/** The gateways that share a store with this one; nothing when it is alone. */
export function FleetCard({ frame: { fleet } }: { frame: DashboardFrame }) {
  if (!fleet) return null
  const { name, store, members, shedding } = fleet
  return (
    <section class="card" aria-labelledby="fleet">
      <h2 id="fleet">{t('Fleet {fleet}', { fleet: name })}</h2>
      {store.state === 'away' && (
        <p class="note warn" role="status">
          {t('The store of the fleet is away ({error}): this gateway goes on by itself', {
            error: store.error ?? store.address,
          })}
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Node')}</th>
            <th scope="col">{t('State')}</th>
            <th scope="col" class="wide">
              {t('Version')}
            </th>
            <th scope="col" class="number">
              {t('Connections')}
            </th>
            <th scope="col" class="wide number">
              {t('Taken over')}
            </th>
            <th scope="col" class="wide number">
              {t('Received')}
            </th>
            <th scope="col" class="wide number">
              {t('Given')}
            </th>
            <th scope="col" class="wide number">
              {t('Not given')}
            </th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <Member key={member.id} member={member} sheds={member.id === shedding} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

type MemberOfFleet = NonNullable<DashboardFrame['fleet']>['members'][number]

function Member({ member, sheds }: { member: MemberOfFleet; sheds: boolean }) {
  const { id, host, phase, version, connections, moves, self } = member
  return (
    <tr>
      <th scope="row">
        {host} <span class="address">{self ? t('this gateway') : id}</span>
      </th>
      <td>
        <span class={`badge ${phase === 'serving' ? 'good' : 'warn'}`}>{known(phase)}</span>{' '}
        {phase === 'draining' && !sheds && t('waits for its turn')}
      </td>
      <td class="wide">{version}</td>
      <td class="number">{count(connections)}</td>
      <td class="wide number">{moves ? count(moves.takenOver) : '–'}</td>
      <td class="wide number">{moves ? count(moves.received) : '–'}</td>
      <td class="wide number">{moves ? count(moves.given) : '–'}</td>
      <td class="wide number">{moves ? count(moves.notGiven) : '–'}</td>
    </tr>
  )
}
