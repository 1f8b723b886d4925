import type { GatewayOptions, ListenOptions, RouteOptions, UpstreamOptions } from '@holdfast/gateway'

/** An upstream as its URL, or with more to say than that. */
export type UpstreamInit = string | URL | (Partial<UpstreamOptions> & { url: string | URL })

/** A route with only what a test cares about; the rest is the default of the configuration file. */
export type RouteInit = Partial<Omit<RouteOptions, 'upstreams' | 'timeouts'>> & {
  upstreams: UpstreamInit[]
  timeouts?: Partial<RouteOptions['timeouts']>
}

type Common = Partial<Omit<GatewayOptions, 'listen' | 'routes' | 'drain'>> & {
  /** Default: one plain listener on 127.0.0.1, port 0. */
  listen?: Partial<ListenOptions>[]
  drain?: Partial<GatewayOptions['drain']>
}

/** Either the one route's fields themselves, or `routes`. */
export type GatewayInit = Common & (RouteInit | { routes: RouteInit[] })

/**
 * Whole options: port 0, no admin API, and the defaults, but for what takes time or depends on the client unless a test asks
 * for it: no keepalive pings, no wait for an upstream, and a client that gets no connection is told so in band; and an
 * upstream, which is in the test's own process and may be as late as that, has longer to take a connection.
 */
export function gatewayOptions(init: GatewayInit): GatewayOptions {
  const { listen = [{}], admin = false, workers = 1, trustedProxies = [], drain, ...rest } = init
  const routes = 'routes' in rest ? rest.routes : [rest as RouteInit]
  return {
    listen: listen.map((listener) => ({ host: '127.0.0.1', port: 0, proxyProtocol: false, ...listener })),
    admin,
    workers,
    trustedProxies,
    drain: { spread: 5_000, deadline: 30_000, retry: [1_000, 5_000], ...drain },
    routes: routes.map(routeOptions),
  }
}

export function routeOptions(init: RouteInit, index = 0): RouteOptions {
  return {
    name: index === 0 ? 'default' : `route-${index}`,
    match: {},
    balance: { by: 'least-connections' },
    attempts: 3,
    keepalive: false,
    rejections: 'pass',
    badGateway: 'close',
    wait: 0,
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
    limits: {},
    ...init,
    timeouts: {
      connect: 10_000,
      handshake: 5_000,
      close: 5_000,
      response: 300_000,
      idle: false,
      ...init.timeouts,
    },
    upstreams: init.upstreams.map(upstreamOptions),
  }
}

export function upstreamOptions(init: UpstreamInit): UpstreamOptions {
  const { url: given, ...rest } = typeof init === 'string' || init instanceof URL ? { url: init } : init
  const url = new URL(given)
  const tls = url.protocol === 'wss:' || url.protocol === 'https:'
  return {
    name: url.href.replace(/\/$/, ''),
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (tls ? 443 : 80)),
    path: url.pathname.replace(/\/$/, ''),
    weight: 1,
    ...rest,
  }
}
