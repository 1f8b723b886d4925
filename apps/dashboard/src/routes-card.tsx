import type { Actions } from './actions.tsx'
import type { DashboardFrame, DashboardRoute, UpstreamInfo } from './frame.ts'
import { count, plural, rate } from './words.ts'

interface Props {
  frame: DashboardFrame
  actions: Actions
}

export function RoutesCard({ frame, actions }: Props) {
  return (
    <section class="card" aria-labelledby="routes">
      <h2 id="routes">Routes and upstreams</h2>
      {frame.routes.length === 0 && <p class="none">There is no route.</p>}
      {frame.routes.map((route) => (
        <Route key={route.name} route={route} actions={actions} />
      ))}
    </section>
  )
}

function Route({ route, actions }: { route: DashboardRoute; actions: Actions }) {
  const { name, connections, waiting, upstreams, rates } = route
  const { open, held, closing } = connections
  const reattached = route.reattachments.attached ?? 0
  const letGo = (route.reattachments['not-restored'] ?? 0) + (route.reattachments['lost-again'] ?? 0)
  return (
    <section class="route" aria-label={`Route ${name}`}>
      <div class="title">
        <h3>{name}</h3>
        <p class="counts">
          <span>{count(open)} open</span>
          <span class={held > 0 ? 'warn' : ''}>{count(held)} held</span>
          <span>{count(closing)} closing</span>
          {waiting > 0 && <span class="warn">{count(waiting)} waiting</span>}
          <span class="less">{rate(rates.handshakes)} new a second</span>
          {letGo > 0 && <span class="warn">{count(letGo)} not held: sessions not restored</span>}
          {reattached > 0 && <span class="less">{plural(reattached, 'return')} from a hold</span>}
        </p>
        <button
          type="button"
          class="small"
          aria-label={`Drain route ${name}`}
          onClick={() => actions.drain({ route: name })}
        >
          Drain route
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
              route={name}
              upstream={upstream}
              actions={actions}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Upstream({ route, upstream, actions }: { route: string; upstream: UpstreamInfo; actions: Actions }) {
  const { name, address, healthy, connections, lastError } = upstream
  return (
    <tr class={healthy ? '' : 'sick'}>
      <th scope="row">
        <span class="url">{name}</span>
        {!name.includes(address) && <span class="address">{address}</span>}
      </th>
      <td class="health">
        <span class={`badge ${healthy ? 'good' : 'bad'}`}>{healthy ? 'Healthy' : 'Unhealthy'}</span>
        {lastError !== undefined && (
          <span class="error">{healthy ? `last error: ${lastError}` : lastError}</span>
        )}
      </td>
      <td class="number">{count(connections)}</td>
      <td class="action">
        <button
          type="button"
          class="small"
          aria-label={`Drain upstream ${name} of route ${route}`}
          onClick={() => actions.drain({ route, upstream: name })}
        >
          Drain
        </button>
      </td>
    </tr>
  )
}
