import type { Actions } from './actions.tsx'
import type { DashboardFrame, DashboardRoute, UpstreamInfo, UpstreamState } from './frame.ts'
import { byUrgency, count, plural, rate, routeAlarm, stateWords, type Tone, upstreamState } from './words.ts'

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
      <h2 id="routes">Routes and upstreams</h2>
      {frame.routes.length === 0 && <p class="none">There is no route.</p>}
      {byUrgency(frame.routes).map((route) => (
        <Route key={route.name} route={route} actions={actions} />
      ))}
    </section>
  )
}

function Route({ route, actions }: { route: DashboardRoute; actions: Actions }) {
  const { name, connections, waiting, upstreams, rates, drained } = route
  const { open, held, closing } = connections
  const reattached = route.reattachments.attached ?? 0
  const letGo = (route.reattachments['not-restored'] ?? 0) + (route.reattachments['lost-again'] ?? 0)
  return (
    <section class={`route ${routeAlarm(route) ? 'bad-route' : ''}`} aria-label={`Route ${name}`}>
      <div class="title">
        <h3>{name}</h3>
        <p class="counts">
          {drained && <span class="warn">drained: takes no clients</span>}
          <span>{count(open)} open</span>
          {held > 0 && <span class="warn">{count(held)} held</span>}
          {closing > 0 && <span>{count(closing)} closing</span>}
          {waiting > 0 && <span class="warn">{count(waiting)} waiting</span>}
          {rates.handshakes > 0 && <span class="less">{rate(rates.handshakes)} new a second</span>}
          {letGo > 0 && <span class="warn">{count(letGo)} not held: sessions not restored</span>}
          {reattached > 0 && <span class="less">{plural(reattached, 'return')} from a hold</span>}
        </p>
        <button
          type="button"
          class="small"
          aria-label={`${drained ? 'Take back' : 'Drain'} route ${name}`}
          onClick={() => (drained ? actions.undrain({ route: name }) : actions.drain({ route: name }, route))}
        >
          {drained ? 'Take back route' : 'Drain route'}
        </button>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Upstream</th>
            <th scope="col">Health</th>
            <th scope="col" class="number">
              Connections
            </th>
            <th scope="col">
              <span class="hidden">Actions</span>
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
        <span class={`badge ${tone}`}>{stateWords[state]}</span>
        {lastError !== undefined && (
          <span class="error">{tone === 'bad' ? lastError : `last error: ${lastError}`}</span>
        )}
      </td>
      <td class="number">{count(connections)}</td>
      <td class="action">
        <button
          type="button"
          class="small"
          aria-label={`${state === 'drained' ? 'Take back' : 'Drain'} upstream ${name} of route ${route.name}`}
          onClick={() => {
            const scope = { route: route.name, upstream: name }
            if (state === 'drained') actions.undrain(scope)
            else actions.drain(scope, route)
          }}
        >
          {state === 'drained' ? 'Take back' : 'Drain'}
        </button>
      </td>
    </tr>
  )
}
