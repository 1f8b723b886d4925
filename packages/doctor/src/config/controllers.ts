/** The controllers of Ingress resources: how a class names them, which annotations are theirs, and their defaults. */

/** A controller, as far as WebSockets are concerned. */
export interface Controller {
  /** How it is called in findings. */
  name: string
  /** Names of classes that are usual for it. */
  classes: RegExp
  /** What the controller of its IngressClass is called. */
  controllers: RegExp
  /** How the names of its annotations begin. */
  prefixes: readonly string[]
  /** The limit on silence where nothing is written, and the annotation that changes it. */
  idle?: { ms: number; annotation: string; unit: string; line: string; on: 'Ingress' | 'Service' | 'other' }
  /** The annotation without which it passes no WebSockets, and the line to write. */
  asks?: { annotation: string; line: (path: string) => string }
}

export const communityPrefix = 'nginx.ingress.kubernetes.io/'
export const vendorPrefix = 'nginx.org/'
export const traefikPrefix = 'traefik.ingress.kubernetes.io/'

/** Where two share the name of a class, the first is assumed. */
export const controllers = {
  community: {
    name: 'ingress-nginx',
    classes: /nginx|webapprouting/,
    controllers: /^k8s\.io\/(?:[\w-]*ingress-)?nginx|^webapprouting\.kubernetes\.azure\.com/,
    prefixes: [communityPrefix],
    idle: {
      ms: 60_000,
      annotation: `${communityPrefix}proxy-read-timeout`,
      unit: 's',
      line: `${communityPrefix}proxy-read-timeout: "3600"`,
      on: 'Ingress',
    },
  },
  vendor: {
    name: 'the NGINX Ingress Controller of F5',
    classes: /nginx/,
    controllers: /^nginx\.org\//,
    prefixes: [vendorPrefix, 'nginx.com/', 'custom.nginx.org/', 'appprotect.f5.com/'],
    idle: {
      ms: 60_000,
      annotation: `${vendorPrefix}proxy-read-timeout`,
      unit: 's',
      line: `${vendorPrefix}proxy-read-timeout: "3600s"`,
      on: 'Ingress',
    },
  },
  traefik: {
    name: 'Traefik',
    classes: /traefik/,
    controllers: /^traefik\.io\//,
    prefixes: [traefikPrefix],
  },
  // HAProxy's controllers write timeout tunnel 1h by themselves.
  haproxy: {
    name: 'the HAProxy Kubernetes Ingress Controller',
    classes: /haproxy/,
    controllers: /^haproxy\.(?:org|com)\//,
    prefixes: ['haproxy.org/', 'haproxy.com/'],
    idle: {
      ms: 3_600_000,
      annotation: 'haproxy.org/timeout-tunnel',
      unit: 'ms',
      line: 'haproxy.org/timeout-tunnel: "1h"',
      on: 'Ingress',
    },
  },
  haproxyIngress: {
    name: 'HAProxy Ingress',
    classes: /haproxy/,
    controllers: /^haproxy-ingress\.github\.io\//,
    prefixes: ['haproxy-ingress.github.io/'],
    idle: {
      ms: 3_600_000,
      annotation: 'haproxy-ingress.github.io/timeout-tunnel',
      unit: 'ms',
      line: 'haproxy-ingress.github.io/timeout-tunnel: "1h"',
      on: 'Ingress',
    },
  },
  alb: {
    name: 'the AWS Load Balancer Controller',
    classes: /^alb\b|^aws/,
    controllers: /^ingress\.k8s\.aws\/|^eks\.amazonaws\.com\//,
    prefixes: ['alb.ingress.kubernetes.io/'],
    idle: {
      ms: 60_000,
      annotation: 'alb.ingress.kubernetes.io/load-balancer-attributes',
      unit: 's',
      line: 'alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds=3600',
      on: 'Ingress',
    },
  },
  gce: {
    name: 'GKE Ingress',
    classes: /^gce/,
    controllers: /^(?:k8s\.io\/ingress-gce|networking\.gke\.io\/)/,
    prefixes: [
      'networking.gke.io/',
      'ingress.gcp.kubernetes.io/',
      'kubernetes.io/ingress.global-static-ip-name',
    ],
  },
  kong: {
    name: 'the Kong Ingress Controller',
    classes: /kong/,
    controllers: /konghq\.com\//,
    prefixes: ['konghq.com/'],
    idle: {
      ms: 60_000,
      annotation: 'konghq.com/read-timeout',
      unit: 'ms',
      line: 'konghq.com/read-timeout: "3600000"',
      on: 'Service',
    },
  },
  contour: {
    name: 'Contour',
    classes: /contour/,
    controllers: /^projectcontour\.io\//,
    prefixes: ['projectcontour.io/'],
    asks: {
      annotation: 'projectcontour.io/websocket-routes',
      line: (path) => `projectcontour.io/websocket-routes: ${path}`,
    },
  },
  apisix: {
    name: 'the APISIX Ingress Controller',
    classes: /apisix/,
    controllers: /^apisix\.apache\.org\//,
    prefixes: ['k8s.apisix.apache.org/'],
    asks: {
      annotation: 'k8s.apisix.apache.org/enable-websocket',
      line: () => 'k8s.apisix.apache.org/enable-websocket: "true"',
    },
  },
  pomerium: {
    name: 'the Pomerium Ingress Controller',
    classes: /pomerium/,
    controllers: /^pomerium\.io\//,
    prefixes: ['ingress.pomerium.io/'],
    asks: {
      annotation: 'ingress.pomerium.io/allow_websockets',
      line: () => 'ingress.pomerium.io/allow_websockets: "true"',
    },
  },
  istio: { name: 'Istio', classes: /istio/, controllers: /^istio\.io\//, prefixes: [] },
  azure: {
    name: 'the Application Gateway Ingress Controller',
    classes: /^azure/,
    controllers: /^azure\/|^azure-application-gateway/,
    prefixes: ['appgw.ingress.kubernetes.io/'],
  },
  cilium: {
    name: 'Cilium',
    classes: /cilium/,
    controllers: /^cilium\.io\//,
    prefixes: ['ingress.cilium.io/'],
  },
  openshift: {
    name: 'the OpenShift router',
    classes: /openshift/,
    controllers: /^openshift\.io\//,
    prefixes: ['haproxy.router.openshift.io/'],
  },
} as const satisfies Record<string, Controller>

/** The key of a controller. */
export type ControllerKey = keyof typeof controllers

const keys = Object.keys(controllers) as ControllerKey[]

/** The controllers that an annotation belongs to; those of no controller, such as cert-manager's, to none. */
export function ownersOf(annotation: string): ControllerKey[] {
  return keys.filter((key) => controllers[key].prefixes.some((prefix) => annotation.startsWith(prefix)))
}

/** The controller that an IngressClass names. */
export function controllerNamed(text: string): ControllerKey | undefined {
  return keys.find((key) => controllers[key].controllers.test(text))
}

/** The controllers for which the name of a class is usual. */
export function usualFor(className: string): ControllerKey[] {
  return keys.filter((key) => controllers[key].classes.test(className))
}
