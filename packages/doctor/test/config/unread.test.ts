import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'
import type { ConfigKind } from '../../src/config/kinds.ts'

const read = (text: string, kind?: ConfigKind) => readProxyConfig(text, kind ? { kind } : {})
const unread = (text: string, kind?: ConfigKind) =>
  read(text, kind).unread.map(({ line, message }) => `${line} ${message}`)

const ingress = (spec: string, annotations: Record<string, string> = {}) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: chat
  annotations: ${JSON.stringify(annotations)}
spec:
${spec}  rules:
  - http: { paths: [{ path: /ws, pathType: Prefix, backend: { service: { name: chat, port: { number: 80 } } } }] }
`
const className = (name: string) => `  ingressClassName: ${name}\n`
const nginx = { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '30' }
const vendor = { 'nginx.org/websocket-services': 'chat', 'nginx.org/proxy-read-timeout': '30s' }
const codes = (text: string) => read(text).findings.map(({ code, level }) => `${code} ${level}`)

describe('annotations count on the class of their controller only', () => {
  test.each([
    ['nginx', nginx, ['ingress-timeout warning']],
    ['nginx', vendor, ['ingress-timeout warning']],
    ['nginx', {}, ['ingress-default-timeout warning']],
    ['nginx-internal', {}, ['ingress-default-timeout warning']],
    ['traefik', nginx, ['ingress-foreign-annotation warning']],
    ['alb', nginx, ['ingress-foreign-annotation warning', 'ingress-default-timeout warning']],
    ['kong', {}, ['ingress-default-timeout warning']],
    ['haproxy', nginx, ['ingress-foreign-annotation warning']],
    ['haproxy', { 'haproxy.org/timeout-tunnel': '10s' }, ['ingress-timeout error']],
    ['contour', {}, ['ingress-websocket-annotation error']],
    ['apisix', { 'k8s.apisix.apache.org/enable-websocket': 'true' }, []],
    ['istio', vendor, ['ingress-foreign-annotation warning']],
    ['azure-application-gateway', { 'appgw.ingress.kubernetes.io/request-timeout': '3600' }, []],
    ['something-of-ours', {}, []],
    [
      'traefik',
      { 'cert-manager.io/cluster-issuer': 'le', 'external-dns.alpha.kubernetes.io/target': 'a' },
      [],
    ],
  ])('%s with %j', (name, annotations, expected) => {
    expect(codes(ingress(className(name), annotations))).toEqual(expected)
  })

  test('the class may be named by the old annotation, and its controller by an IngressClass', () => {
    expect(codes(ingress('', { 'kubernetes.io/ingress.class': 'traefik', ...nginx }))).toEqual([
      'ingress-foreign-annotation warning',
    ])
    const of = (controller: string) =>
      `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: web }\nspec: { controller: ${controller} }\n---\n`
    const here = ingress(className('web'), nginx)
    expect(codes(of('k8s.io/ingress-nginx') + here)).toEqual(['ingress-timeout warning'])
    expect(codes(of('nginx.org/ingress-controller') + here)).toEqual([
      'ingress-foreign-annotation warning',
      'ingress-default-timeout warning',
      'ingress-websocket-services error',
    ])
    expect(codes(of('example.com/own') + here)).toEqual([])
  })

  test('a class that is not named is assumed, and that is said', () => {
    expect(codes(ingress(''))).toEqual(['ingress-default-timeout warning'])
    expect(unread(ingress(''))[0]).toMatch(
      /^1 which controller takes this Ingress: .* ingress-nginx is assumed/,
    )
    expect(unread(ingress('', { 'alb.ingress.kubernetes.io/scheme': 'internal' }))[0]).toMatch(
      /AWS Load Balancer Controller is assumed, as its annotations are/,
    )
    expect(unread(ingress(className('nginx')))[0]).toMatch(
      /^7 the IngressClass nginx .* ingress-nginx is assumed/,
    )
    expect(unread(ingress(className('ours')))[0]).toMatch(/^7 the class ours: .* nothing is assumed/)
  })
})

describe('what is not read is said, with its line', () => {
  const compose = `services:
  app:
    image: app
    labels:
      - "traefik.enable=true"
      - "traefik.http.routers.app.rule=Host(\`a\`)"
`
  test.each<[what: string, line: string, text: string, kind?: ConfigKind]>([
    ['a Service', '9 Service default/chat', ingress(className('traefik'))],
    ['a ConfigMap', '5 the ConfigMap of ingress-nginx', ingress(className('nginx'))],
    [
      'a resource of a controller',
      '1 VirtualService a',
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\n',
    ],
    [
      'a configuration in a ConfigMap',
      '5 nginx.conf in ConfigMap a',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  nginx.conf: |\n    events {}\n    http {}\n',
    ],
    [
      'a value of a template',
      '4 a value of a template',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: "{{ .Release.Name }}"\n',
    ],
    [
      'parameters of a class',
      '5 the parameters of IngressClass alb',
      `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: alb }\nspec:\n  parameters: { kind: IngressClassParams, name: a }\n  controller: ingress.k8s.aws/alb\n---\n${ingress(className('alb'))}`,
    ],
    ['labels of a Compose file', '6 the label traefik.http.routers.app.rule', compose],
    [
      'labels of a Compose file that is said to be for Traefik',
      '5 the label traefik.enable',
      compose,
      'traefik',
    ],
    ['a provider of Traefik', '2 providers.docker: labels', 'providers:\n  docker: {}\n'],
    ['a pattern file of HAProxy', '2 the patterns in /etc/ws', 'frontend a\n acl ws path -f /etc/ws\n'],
    ['a map of HAProxy', '2 the patterns in /etc/m', 'frontend a\n use_backend %[path,map_beg(/etc/m)]\n'],
    ['a macro of Apache', '2 Use Site', '<IfModule a>\nUse Site a\n</IfModule>\n'],
    [
      'an optional include of Apache',
      '1 IncludeOptional x',
      'IncludeOptional x.conf\n<Location /a>\n</Location>\n',
    ],
    ['xDS', '2 what cds_config brings', 'dynamic_resources:\n  cds_config: { path: a }\n'],
    [
      'a Gateway',
      '7 Gateway web',
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: ws\nspec:\n  parentRefs:\n  - name: web\n  rules: [{ backendRefs: [{ name: a, port: 1 }] }]\n',
    ],
  ])('%s', (_, expected, text, kind) => {
    expect(unread(text, kind)).toContainEqual(expect.stringContaining(expected))
  })

  test('and what is read is not said to be unread', () => {
    const whole = `${ingress(className('traefik'))}---\napiVersion: v1\nkind: Service\nmetadata: { name: chat }\nspec: { ports: [{ port: 80 }] }\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: chat }\n`
    expect(read(whole)).toMatchObject({ findings: [], problems: [], unread: [] })
  })
})
