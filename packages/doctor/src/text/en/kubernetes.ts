import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in Kubernetes Ingress and Gateway API resources. */
export const kubernetes: TextsOf<'ingress' | 'kubernetes' | 'gateway'> = {
  'ingress-timeout': {
    title: '{annotation} cuts an idle WebSocket after {timeout}',
    why: 'The limit also runs while a WebSocket is open. The client sees 1006.',
    fix: ['{line}'],
  },
  'ingress-default-timeout': {
    title: '{controller} cuts a WebSocket after 60 s in which nothing passed',
    why: 'Nothing that was read sets the limit, its default is 60 s, and it also runs while a WebSocket is open. The client sees 1006 after a quiet minute. The line is an annotation of the {on}.',
    fix: ['{line}'],
  },
  'ingress-lifetime': {
    title: 'the load balancer cuts every WebSocket after {timeout}, idle or not',
    why: 'The timeoutSec of a BackendConfig limits the whole life of a WebSocket. It is 30 s where it is not written, or where no BackendConfig is named by the Service.',
    fix: [
      'apiVersion: cloud.google.com/v1',
      'kind: BackendConfig',
      'metadata:',
      '  name: websockets',
      'spec:',
      '  timeoutSec: 86400',
      '# and as an annotation of the Service:',
      `cloud.google.com/backend-config: '{"default": "websockets"}'`,
    ],
  },
  'ingress-foreign-annotation': {
    title: '{annotation} has no effect here',
    why: 'The annotation is one of {owner}. The class of this Ingress belongs to {controller}, which does not read it.',
    fix: ['# remove: {annotation}'],
  },
  'ingress-websocket-annotation': {
    title: '{controller} passes no WebSockets unless it is asked to',
    why: 'Without this annotation it answers an upgrade as an ordinary request, or refuses it.',
    fix: ['{line}'],
  },
  'ingress-timeout-unit': {
    title: '{annotation} is ignored, for "{value}" is no number',
    why: 'The controller takes seconds without a unit. With anything else it goes back to its default, 60 seconds.',
    fix: ['{annotation}: "{fixed}"'],
  },
  'ingress-annotation-type': {
    title: '{annotation} must be a string, and {value} is none',
    why: 'Kubernetes refuses annotations that are numbers or booleans.',
    fix: ['{annotation}: "{value}"'],
  },
  'ingress-http-version': {
    title: 'the controller speaks HTTP/{version} to the service',
    why: 'An upgrade needs HTTP/1.1 (RFC 6455 4.1).',
    fix: ['nginx.ingress.kubernetes.io/proxy-http-version: "1.1"'],
  },
  'ingress-connection-header': {
    title: 'the service is sent Connection: {value}',
    why: 'connection-proxy-header replaces the header that the controller would set for an upgrade. It must go.',
    fix: ['# remove: nginx.ingress.kubernetes.io/connection-proxy-header'],
  },
  'ingress-backend-protocol': {
    title: '{protocol} cannot carry a WebSocket',
    why: 'FastCGI and gRPC have no upgrade. For WebSockets the backend protocol is HTTP or HTTPS, in an Ingress of their own if the rest needs another.',
    fix: ['nginx.ingress.kubernetes.io/backend-protocol: "HTTP"'],
  },
  'ingress-websocket-services': {
    title: 'service {service} is not among the websocket-services',
    why: 'The controller of nginx.org passes upgrades only to services that this annotation names.',
    fix: ['nginx.org/websocket-services: "{service}"'],
  },
  'ingress-unknown-annotation': {
    title: 'no controller knows {annotation}',
    why: 'The annotation does nothing. The controller of kubernetes.io passes WebSockets without one; what they need is a longer proxy-read-timeout.',
    fix: [
      'nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"',
      'nginx.ingress.kubernetes.io/proxy-send-timeout: "3600"',
    ],
  },
  'ingress-rewrite-target': {
    title: 'every path under {path} becomes {target}',
    why: 'What follows the prefix is lost unless the path captures it and the target puts it back. A server that listens for WebSockets on that very path answers 404.',
    fix: [
      'nginx.ingress.kubernetes.io/use-regex: "true"',
      'nginx.ingress.kubernetes.io/rewrite-target: {path}/$2',
      'path: {path}(/|$)(.*)',
      'pathType: ImplementationSpecific',
    ],
  },
  'ingress-traefik-middleware': {
    title: 'Traefik does not find the middleware {middleware}',
    why: 'In this annotation a Middleware resource is named by namespace, dash, name and @kubernetescrd. With one that is not found the whole router is switched off, and the client gets 404.',
    fix: ['traefik.ingress.kubernetes.io/router.middlewares: {fixed}'],
  },
  'ingress-exact-path': {
    title: 'pathType Exact matches {path} only, and nothing below it',
    why: 'Clients of Socket.IO ask for {path}/ with a slash at the end.',
    fix: ['- path: {path}', '  pathType: Prefix'],
  },
  'kubernetes-service-port': {
    title: 'service {service} has no port {port}',
    why: 'The route names a port of the Service, not of the container. The Service has: {known}. Nothing is routed, and the client gets 500, 502 or 503.',
    fix: ['{fixed}'],
  },
  'gateway-timeout': {
    title: '{field} cuts a WebSocket after {timeout}',
    why: 'In some gateways timeouts of a route end the whole exchange, and an open WebSocket is one; in others they end its silence. 0s switches the limit off.',
    fix: ['{field}: 0s'],
  },
  'gateway-default-timeout': {
    title: 'NGINX Gateway Fabric cuts a WebSocket after 60 s in which nothing passed',
    why: 'It leaves proxy_read_timeout at what nginx has by default, 60 s, which also runs while a WebSocket is open. The client sees 1006 after a quiet minute. A SnippetsFilter works where its installation allows them.',
    fix: [
      'apiVersion: gateway.nginx.org/v1alpha1',
      'kind: SnippetsFilter',
      'metadata:',
      '  name: websockets',
      'spec:',
      '  snippets:',
      '  - context: http.server.location',
      '    value: proxy_read_timeout 1h;',
      '# and in the rule:',
      'filters:',
      '- type: ExtensionRef',
      '  extensionRef: { group: gateway.nginx.org, kind: SnippetsFilter, name: websockets }',
    ],
  },
  'gateway-lifetime': {
    title: 'the load balancer cuts every WebSocket to {service} after {timeout}, idle or not',
    why: 'The timeoutSec of a GCPBackendPolicy limits the whole life of a WebSocket. It is 30 s where no policy for the Service says more.',
    fix: [
      'apiVersion: networking.gke.io/v1',
      'kind: GCPBackendPolicy',
      'metadata:',
      '  name: {service}',
      'spec:',
      '  default:',
      '    timeoutSec: 86400',
      '  targetRef:',
      "    group: ''",
      '    kind: Service',
      '    name: {service}',
    ],
  },
  'gateway-app-protocol': {
    title: 'service {service} says that its port speaks {protocol}',
    why: 'A gateway then speaks something other than HTTP/1.1 to the service, or does not know the word, and passes no upgrade.',
    fix: ['appProtocol: kubernetes.io/ws'],
  },
  'gateway-header-filter': {
    title: 'a filter changes {header}, which the handshake needs',
    why: 'A gateway passes the headers of a WebSocket by itself.',
    fix: ['# remove {header} from the RequestHeaderModifier'],
  },
  'gateway-header-match': {
    title: 'the match on {header} with {value} misses some WebSockets',
    why: 'A whole value is compared, and capital letters count. Firefox sends Connection: keep-alive, Upgrade, and browsers write websocket in small letters.',
    fix: ['- headers:', '  - name: Upgrade', '    value: websocket'],
  },
  'gateway-redirect': {
    title: 'requests for {path} are redirected',
    why: 'WebSocket clients do not follow redirects.',
    fix: ['# remove the RequestRedirect from this rule, and give it backendRefs'],
  },
  'gateway-path-rewrite': {
    title: 'the service sees {replacement} in place of {path}',
    why: 'A server that listens for WebSockets on that very path answers 404. This is right only if it listens on what is left.',
    fix: ['# remove the URLRewrite from this rule'],
  },
  'gateway-section': {
    title: 'gateway {gateway} has no listener {section}',
    why: 'A route that names a listener which is not there is attached to nothing, and the client gets 404.',
    fix: ['sectionName: # one of {known}'],
  },
  'gateway-method': {
    title: 'the match asks for method {method}, and a handshake is a GET',
    why: 'RFC 6455 4.1: the method of the request must be GET.',
    fix: ['method: GET'],
  },
  'gateway-exact-path': {
    title: 'type Exact matches {path} only, and nothing below it',
    why: 'Clients of Socket.IO ask for {path}/ with a slash at the end.',
    fix: ['path:', '  type: PathPrefix', '  value: {path}'],
  },
  'gateway-upgrade-disabled': {
    title: '{policy} keeps WebSockets out',
    why: 'In Envoy Gateway httpUpgrade names every upgrade that is allowed, so websocket must be among them, and requestBuffer waits for the end of a request that has none.',
    fix: ['httpUpgrade:', '- type: websocket'],
  },
}
