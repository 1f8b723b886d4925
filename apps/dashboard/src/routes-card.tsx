import type { Actions } from './actions.tsx'
import type { DashboardFrame, DashboardRoute, UpstreamInfo, UpstreamState } from './frame.ts'
import { n, t } from './translate.ts'
import { byUrgency, routeAlarm, upstreamState } from './verdict.ts'
import { count, rate, stateWords, type Tone } from './words.ts'

const toneOf: Record<UpstreamState, Tone | 'none'> = {
  healthy: 'good',
  unhealthy: 'bad',
  failing: 'bad',
  'not probed': 'none',
  drained: 'warn',
}

interface Props {
  frame: DashboardFrame
  actions: Actions
}

export function RoutesCard({ frame, actions }: Props) {
  return (
    <section class="card" aria-labelledby="routes">
      <h2 id="routes">{t('Routes and upstreams')}</h2>
      {frame.routes.length === 0 && <p class="none">{t('There is no route.')}</p>}
      {byUrgency(frame.routes).map((route) => (
        <Route key={route.name} route={route} actions={actions} />
      ))}
    </section>
  )
}

function Route({ route, actions }: { route: DashboardRoute; actions: Actions }) {
  const { name, upstreams } = route
  return (
    <section
      class={`route ${routeAlarm(route) ? 'bad-route' : ''}`}
      aria-label={t('Route {route}', { route: name })}
    >
      <div class="title">
        <h3>{name}</h3>
        <Counts route={route} />
        <DrainButton route={route} actions={actions} />
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Upstream')}</th>
            <th scope="col">{t('Health')}</th>
            <th scope="col" class="number">
              {t('Connections')}
            </th>
            <th scope="col">
              <span class="hidden">{t('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {upstreams.map((upstream) => (
            <Upstream
              key={`${upstream.name} ${upstream.address}`}
              route={route}
              upstream={upstream}
              actions={actions}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Counts({ route }: { route: DashboardRoute }) {
  const { connections, parked = 0, waiting, rates, drained } = route
  const { open, held, closing } = connections
  const reattached = route.reattachments.attached ?? 0
  const letGo = (route.reattachments['not-restored'] ?? 0) + (route.reattachments['lost-again'] ?? 0)
  return (
    <p class="counts">
      {drained && <span class="warn">{t('drained: takes no clients')}</span>}
      <span>{t('{n} open', { n: count(open) })}</span>
      {held > 0 && <span class="warn">{t('{n} held', { n: count(held) })}</span>}
      {closing > 0 && <span>{t('{n} closing', { n: count(closing) })}</span>}
      {parked > 0 && <span class="warn">{t('{n} away', { n: count(parked) })}</span>}
      {waiting > 0 && <span class="warn">{t('{n} waiting', { n: count(waiting) })}</span>}
      {rates.handshakes > 0 && (
        <span class="less">{t('{n} new a second', { n: rate(rates.handshakes) })}</span>
      )}
      {letGo > 0 && <span class="warn">{t('{n} not held: sessions not restored', { n: count(letGo) })}</span>}
      {reattached > 0 && (
        <span class="less">{n(reattached, '{n} return from a hold', '{n} returns from a hold')}</span>
      )}
    </p>
  )
}

function DrainButton({ route, actions }: { route: DashboardRoute; actions: Actions }) {
  const { name, drained } = route
  return (
    <button
      type="button"
      class="small"
      aria-label={
        drained ? t('Take back route {route}', { route: name }) : t('Drain route {route}', { route: name })
      }
      onClick={() => (drained ? actions.undrain({ route: name }) : actions.drain({ route: name }, route))}
    >
      {drained ? t('Take back route') : t('Drain route')}
    </button>
  )
}

function Upstream({
  route,
  upstream,
  actions,
}: {
  route: DashboardRoute
  upstream: UpstreamInfo
  actions: Actions
}) {
  const { name, address, connections, lastError } = upstream
  const state = upstreamState(upstream)
  const tone = toneOf[state]
  return (
    <tr class={tone === 'bad' ? 'sick' : ''}>
      <th scope="row">
        <span class="url">{name}</span>
        {!name.includes(address) && <span class="address">{address}</span>}
      </th>
      <td class="health">
        <span class={`badge ${tone}`}>{stateWords(state)}</span>
        {lastError !== undefined && (
          <span class="error">
            {tone === 'bad' ? lastError : t('last error: {error}', { error: lastError })}
          </span>
        )}
      </td>
      <td class="number" data-unit={t('connections')}>
        {count(connections)}
      </td>
      <td class="action">
        <button
          type="button"
          class="small"
          aria-label={
            state === 'drained'
              ? t('Take back upstream {upstream} of route {route}', { upstream: name, route: route.name })
              : t('Drain upstream {upstream} of route {route}', { upstream: name, route: route.name })
          }
          onClick={() => {
            const scope = { route: route.name, upstream: name }
            if (state === 'drained') actions.undrain(scope)
            else actions.drain(scope, route)
          }}
        >
          {state === 'drained' ? t('Take back') : t('Drain')}
        </button>
      </td>
    </tr>
  )
}
