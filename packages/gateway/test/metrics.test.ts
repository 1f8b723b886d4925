import { expect, test } from 'vitest'
import { Metrics } from '../src/operate/metrics.ts'
import { emptyCounters } from '../src/worker/totals.ts'
import { everyMetric as measured } from './every-metric.ts'

/** Reads the text format (version 0.0.4) by its own rules: every line is a comment, a sample, or an error. */
function parse(text: string) {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.split('\n')) {
    if (line === '') continue
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line)
    if (comment) {
      if (comment[1] === 'TYPE') {
        expect(types.has(comment[2]!), `${comment[2]} is declared once`).toBe(false)
        types.set(comment[2]!, comment[3]!)
      }
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line)
    expect(sample, line).not.toBeNull()
    const key = `${sample![1]}${sample![2] ?? ''}`
    expect(samples.has(key), `${key} is there once`).toBe(false)
    samples.set(key, Number(sample![3]))
  }
  return { samples, types }
}

const route = 'route="say \\"hi\\"\\n\\\\"'

test('the exposition has every metric of a snapshot with its labels', async () => {
  const { samples, types } = parse(await new Metrics().expose(measured))
  const own = [...samples].filter(([name]) => name.startsWith('holdfast_'))
  expect(Object.fromEntries(own)).toEqual({
    holdfast_fleet_store_up: 1,
    holdfast_fleet_members: 1,
    'holdfast_fleet_store_calls_total{result="answered"}': 100,
    'holdfast_fleet_store_calls_total{result="failed"}': 2,
    'holdfast_fleet_store_calls_total{result="late"}': 1,
    'holdfast_fleet_admissions_total{by="store"}': 50,
    'holdfast_fleet_admissions_total{by="local"}': 4,
    'holdfast_fleet_rebalanced_total{result="given"}': 40,
    'holdfast_fleet_rebalanced_total{result="not-given"}': 3,
    holdfast_acme_names_without_certificate: 1,
    'holdfast_acme_orders_total{outcome="issued"}': 4,
    'holdfast_acme_orders_total{outcome="unreachable"}': 0,
    'holdfast_acme_orders_total{outcome="rate-limited"}': 0,
    'holdfast_acme_orders_total{outcome="challenge"}': 1,
    'holdfast_acme_orders_total{outcome="refused"}': 0,
    'holdfast_acme_orders_total{outcome="storage"}': 0,
    [`holdfast_connections{${route},state="open"}`]: 3,
    [`holdfast_connections{${route},state="held"}`]: 2,
    [`holdfast_connections{${route},state="closing"}`]: 1,
    [`holdfast_waiting{${route}}`]: 4,
    [`holdfast_waits_total{${route},result="answered"}`]: 5,
    [`holdfast_waits_total{${route},result="over"}`]: 0,
    [`holdfast_waits_total{${route},result="no-room"}`]: 1,
    [`holdfast_auth_total{${route},result="allowed"}`]: 6,
    [`holdfast_judged_closes_total{${route},result="restart"}`]: 4,
    [`holdfast_judged_closes_total{${route},result="kick"}`]: 0,
    [`holdfast_turned_away_total{${route},by="close",code="1014"}`]: 2,
    [`holdfast_turned_away_total{${route},by="http",code="502"}`]: 3,
    [`holdfast_handshakes_total{${route},result="accepted"}`]: 9,
    [`holdfast_handshakes_total{${route},result="bad-gateway"}`]: 1,
    [`holdfast_handshakes_total{${route},result="busy"}`]: 2,
    [`holdfast_handshakes_total{${route},result="rejected"}`]: 3,
    [`holdfast_handshakes_total{${route},result="origin-refused"}`]: 4,
    [`holdfast_handshakes_total{${route},result="over-limit"}`]: 5,
    [`holdfast_handshakes_total{${route},result="draining"}`]: 6,
    [`holdfast_handshakes_total{${route},result="abandoned"}`]: 7,
    [`holdfast_handshakes_total{${route},result="fault"}`]: 8,
    [`holdfast_closes_total{${route},code="1014",by="gateway"}`]: 0,
    [`holdfast_closes_total{${route},code="1000",by="client"}`]: 4,
    [`holdfast_closes_total{${route},code="1006",by="gateway"}`]: 2,
    [`holdfast_closes_total{${route},code="1012",by="upstream"}`]: 3,
    [`holdfast_messages_total{${route},direction="to-upstream"}`]: 100,
    [`holdfast_messages_total{${route},direction="to-client"}`]: 200,
    [`holdfast_bytes_total{${route},direction="to-upstream"}`]: 1000,
    [`holdfast_bytes_total{${route},direction="to-client"}`]: 2000,
    [`holdfast_messages_lost_total{${route},direction="to-upstream"}`]: 3,
    [`holdfast_messages_lost_total{${route},direction="to-client"}`]: 1,
    [`holdfast_reattachments_total{${route},result="attached"}`]: 5,
    [`holdfast_reattachments_total{${route},result="refused"}`]: 1,
    [`holdfast_reattachments_total{${route},result="too-late"}`]: 0,
    [`holdfast_reattachments_total{${route},result="not-restored"}`]: 0,
    [`holdfast_reattachments_total{${route},result="lost-again"}`]: 0,
    [`holdfast_reattachments_total{${route},result="abandoned"}`]: 0,
    [`holdfast_reattachments_total{${route},result="ended"}`]: 0,
    [`holdfast_reattach_seconds_bucket{${route},le="0.1"}`]: 2,
    [`holdfast_reattach_seconds_bucket{${route},le="0.5"}`]: 5,
    [`holdfast_reattach_seconds_bucket{${route},le="+Inf"}`]: 6,
    [`holdfast_reattach_seconds_sum{${route}}`]: 9.5,
    [`holdfast_reattach_seconds_count{${route}}`]: 6,
    [`holdfast_sessions{${route},state="connected"}`]: 8,
    [`holdfast_sessions{${route},state="parked"}`]: 2,
    [`holdfast_sessions_parked_bytes{${route}}`]: 5000,
    [`holdfast_session_events_total{${route},event="parked"}`]: 9,
    [`holdfast_session_events_total{${route},event="resumed"}`]: 6,
    [`holdfast_session_events_total{${route},event="expired"}`]: 1,
    [`holdfast_session_events_total{${route},event="evicted"}`]: 0,
    [`holdfast_session_events_total{${route},event="refused"}`]: 0,
    [`holdfast_session_events_total{${route},event="unknown"}`]: 0,
    [`holdfast_session_events_total{${route},event="relayed"}`]: 0,
    [`holdfast_session_events_total{${route},event="unreachable"}`]: 0,
    [`holdfast_upstream_healthy{${route},upstream="ws://a"}`]: 1,
    [`holdfast_upstream_healthy{${route},upstream="dns:ws://b"}`]: 1,
    [`holdfast_upstream_healthy{${route},upstream="ws://c"}`]: 0,
    [`holdfast_upstream_healthy{${route},upstream="ws://d"}`]: 0,
    [`holdfast_upstream_healthy{${route},upstream="ws://e"}`]: 0,
    [`holdfast_upstream_state{${route},upstream="ws://a",state="not-probed"}`]: 1,
    [`holdfast_upstream_state{${route},upstream="dns:ws://b",state="healthy"}`]: 1,
    [`holdfast_upstream_state{${route},upstream="dns:ws://b",state="unhealthy"}`]: 1,
    [`holdfast_upstream_state{${route},upstream="ws://c",state="unhealthy"}`]: 1,
    [`holdfast_upstream_state{${route},upstream="ws://d",state="failing"}`]: 1,
    [`holdfast_upstream_state{${route},upstream="ws://e",state="drained"}`]: 1,
    [`holdfast_upstream_connections{${route},upstream="ws://d"}`]: 0,
    [`holdfast_upstream_connections{${route},upstream="ws://e"}`]: 1,
    'holdfast_unrouted_total{kind="handshake"}': 5,
    'holdfast_unrouted_total{kind="request"}': 6,
    [`holdfast_upstream_connections{${route},upstream="ws://a"}`]: 3,
    [`holdfast_upstream_connections{${route},upstream="dns:ws://b"}`]: 2,
    [`holdfast_upstream_connections{${route},upstream="ws://c"}`]: 0,
    'holdfast_draining_connections{scope="gateway"}': 6,
    'holdfast_handover_connections_total{result="moved"}': 7,
    'holdfast_handover_connections_total{result="ended"}': 1,
    'holdfast_handover_connections_total{result="failed"}': 0,
    'holdfast_worker_info{worker="1",generation="1",version="1.0.0",state="leaving"}': 1,
    'holdfast_worker_info{worker="3",generation="2",version="1.1.0",state="ready"}': 1,
    'holdfast_worker_info{worker="2",generation="2",version="1.1.0",state="starting"}': 1,
    holdfast_carriers: 1,
    'holdfast_carrier_connections{worker="4",generation="1",version="0.9.0"}': 5,
    'holdfast_carrier_resident_memory_bytes{worker="4"}': 2e6,
    holdfast_fronts: 1,
    holdfast_front_restarts_total: 4,
    'holdfast_front_connections{front="1",generation="1",version="1.0.0"}': 6,
    'holdfast_front_resident_memory_bytes{front="1"}': 3e6,
    'holdfast_worker_connections{worker="1"}': 3,
    'holdfast_worker_connections{worker="2"}': 0,
    'holdfast_worker_connections{worker="3"}': 0,
    holdfast_worker_restarts_total: 2,
    holdfast_log_lines_dropped_total: 3,
    holdfast_access_log_lines_dropped_total: 4,
    holdfast_pending_sockets: 4,
    'holdfast_certificate_seconds_left{listener="0.0.0.0:443",name="a.test"}': -2,
    'holdfast_certificate_seconds_left{listener="0.0.0.0:444",name=""}': 5,
    'holdfast_sockets_refused_total{reason="pending"}': 1,
    'holdfast_sockets_refused_total{reason="descriptors"}': 2,
    'holdfast_sockets_refused_total{reason="dial-descriptors"}': 3,
    'holdfast_sockets_refused_total{reason="relay-late"}': 0,
    'holdfast_sockets_refused_total{reason="relay-full"}': 0,
    'holdfast_sockets_refused_total{reason="relay-tls"}': 0,
    'holdfast_sockets_refused_total{reason="relay-stranger"}': 0,
    'holdfast_sockets_refused_total{reason="relay-version"}': 0,
    'holdfast_sockets_refused_total{reason="relay-fleet"}': 0,
    'holdfast_sockets_refused_total{reason="relay-secret"}': 0,
    'holdfast_sockets_refused_total{reason="relay-replayed"}': 0,
    'holdfast_sockets_refused_total{reason="relay-node"}': 0,
    'holdfast_sockets_refused_total{reason="tls-client-certificate"}': 0,
    'holdfast_sockets_refused_total{reason="tls-certificate"}': 0,
    'holdfast_sockets_refused_total{reason="tls-version"}': 0,
    'holdfast_sockets_refused_total{reason="tls-plain"}': 4,
    'holdfast_sockets_refused_total{reason="tls-timeout"}': 0,
    'holdfast_sockets_refused_total{reason="tls-closed"}': 0,
    'holdfast_sockets_refused_total{reason="tls-other"}': 0,
    'holdfast_worker_resident_memory_bytes{worker="1"}': 1e6,
    'holdfast_worker_cpu_seconds_total{worker="1"}': 1.5,
    'holdfast_worker_eventloop_lag_p99_seconds{worker="1"}': 0.02,
  })
  expect(types.get('holdfast_closes_total')).toBe('counter')
  expect(types.get('holdfast_connections')).toBe('gauge')
  expect(types.get('holdfast_reattach_seconds')).toBe('histogram')
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(samples.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})

test('the second exposition has the numbers of its own snapshot, not sums', async () => {
  const metrics = new Metrics()
  const first = parse(await metrics.expose(measured)).samples
  const second = parse(await metrics.expose(measured)).samples
  for (const [name, value] of first)
    if (name.startsWith('holdfast_')) expect(second.get(name), name).toBe(value)
})

test('a route that has gone is gone from the exposition', async () => {
  const metrics = new Metrics()
  await metrics.expose(measured)
  const { samples } = parse(await metrics.expose({ ...measured, snapshot: { routes: [], drains: [] } }))
  expect([...samples.keys()].filter((name) => name.includes('route='))).toEqual([])
})

test('two expositions at the same time do not mix', async () => {
  const metrics = new Metrics()
  const none = { ...measured, snapshot: { routes: [], drains: [] } }
  const [first, second] = await Promise.all([metrics.expose(measured), metrics.expose(none)])
  expect(parse(first).samples.has(`holdfast_connections{${route},state="open"}`)).toBe(true)
  expect(second).not.toContain('route=')
})

test('all routes have the buckets of one, so that a query can add them up', async () => {
  const [first] = measured.snapshot.routes
  const other = { ...first!, name: 'other', counters: { ...emptyCounters(), reattachSeconds: { 2: 4 } } }
  const routes = [first!, other]
  const { samples } = parse(await new Metrics().expose({ ...measured, snapshot: { routes, drains: [] } }))
  const buckets = (route: string) =>
    [...samples].flatMap(([name, value]) => {
      const le = /_bucket\{.*le="(.*)"/.exec(name)?.[1]
      return le && name.includes(route) ? [[le, value]] : []
    })
  expect(buckets('route="other"')).toEqual([
    ['0.1', 0],
    ['0.5', 0],
    ['2', 4],
    ['+Inf', 4],
  ])
  expect(buckets(route)).toEqual([
    ['0.1', 2],
    ['0.5', 5],
    ['2', 5],
    ['+Inf', 6],
  ])
})
