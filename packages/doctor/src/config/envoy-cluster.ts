/** What can be wrong with a cluster of Envoy that WebSockets go to. */
import type { Report } from './context.ts'
import { at, entriesAt, listAt, type Tree, textAt } from './tree.ts'
import { duration, lifetimeLevel } from './websocket.ts'

/** Checks one cluster. */
export function checkCluster(cluster: Tree, report: Report): void {
  const name = textAt(cluster, 'name') ?? ''
  const options = entriesAt(cluster, 'typed_extension_protocol_options').map(([, value]) => value)
  const places = [cluster, ...options, ...options.flatMap((one) => at(one, 'explicit_http_config') ?? [])]
  for (const place of places) {
    const http2 = at(place, 'http2_protocol_options')
    // Besides HTTP/1.1, chosen by ALPN, HTTP/2 does no harm: auto_config is no place that is looked at.
    if (http2 && textAt(http2, 'allow_connect') !== 'true')
      report.found('envoy-upstream-h2', { cluster: name }, http2.place)
  }
  for (const option of options) {
    const value = at(option, 'common_http_protocol_options', 'max_stream_duration')
    const level = lifetimeLevel(duration(String(value?.scalar ?? ''), 's'))
    if (value && level)
      report.found('envoy-max-duration', { timeout: String(value.scalar) }, value.place, level)
  }
  for (const limits of listAt(cluster, 'circuit_breakers', 'thresholds')) {
    for (const threshold of ['max_connections', 'max_requests']) {
      const value = at(limits, threshold)
      const most = Number(value?.scalar ?? Number.POSITIVE_INFINITY)
      if (value && most < 1000) report.found('envoy-circuit-breaker', { threshold, value: most }, value.place)
    }
  }
}
