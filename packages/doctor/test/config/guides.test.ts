import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import { fixtureFolder } from './fixtures.ts'

/** Configurations in the manner of guides, and what is true of each: findings by line, and parts that are not read. */
const guides: Readonly<
  Record<string, { finds?: readonly string[]; unread?: readonly number[]; problems?: readonly number[] }>
> = {
  'affinity.ingress.yaml': { finds: ['5 ingress-default-timeout'], unread: [10, 5, 17] },
  'both-nginx.ingress.yaml': { finds: ['6 ingress-foreign-annotation'], unread: [9, 16] },
  'guacamole.apache.conf': { finds: ['10 apache-default-timeout'] },
  'home-assistant.nginx.conf': { finds: ['11 nginx-default-timeout'] },
  'istio.ingress.yaml': { unread: [1, 10] },
  'jupyterhub.nginx.conf': { finds: ['9 nginx-default-timeout'] },
  'mattermost.apache.conf': { finds: ['8 apache-default-timeout'] },
  'n8n.nginx.conf': { finds: ['9 nginx-default-timeout'] },
  'old-browser-map.nginx.conf': { finds: ['1 nginx-map-value'] },
  'old-matcher.traefik.toml': { finds: ['2 traefik-rule'] },
  'plain.envoy.yaml': { finds: ['7 envoy-default-timeout'] },
  'portal.nginx.conf': {},
  'priority.traefik.yml': {},
  'reverb.nginx.conf': { finds: ['11 nginx-read-timeout'] },
  'root-redirect.caddyfile': {},
  'set-for-ws.haproxy.cfg': {},
  'shiny.apache.conf': { finds: ['4 apache-default-timeout'], unread: [9] },
  'signalr.nginx.conf': {},
  'snippet.ingress.yaml': { unread: [11, 18] },
  'socketio.apache.conf': {},
  'spa.caddyfile': {},
  'split-map.nginx.conf': {},
  'sticky-alb.ingress.yaml': { finds: ['5 ingress-default-timeout'], unread: [17] },
  'swag.nginx.conf': { problems: [6, 7] },
  'to-https.apache.conf': {},
  'traefik-with-nginx.ingress.yaml': { finds: ['7 ingress-foreign-annotation'], unread: [16] },
  'tunnel-path.nginx.conf': {},
  'two-acls.haproxy.cfg': { finds: ['4 haproxy-no-tunnel-timeout'] },
  'waf.caddyfile': {},
  'websocketd.haproxy.cfg': {},
}

describe('configurations of guides', () => {
  const folder = join(fixtureFolder, 'guides')

  test('are all known', () => expect(readdirSync(folder).sort()).toEqual(Object.keys(guides).sort()))

  test.each(Object.entries(guides))('%s', (name, { finds = [], unread = [], problems = [] }) => {
    const text = readFileSync(join(folder, name), 'utf8')
    // Their kind is seen in the content alone.
    const reading = readProxyConfig([{ path: '-', text }], { read: readFromDisk() })
    const lineOf = ({ line }: { line: number }) => line
    expect(
      reading.findings.map(({ code, where }) => `${where && 'line' in where && where.line} ${code}`),
    ).toEqual(finds)
    expect(reading.unread.map(lineOf)).toEqual(unread)
    expect(reading.problems.map(lineOf)).toEqual(problems)
  })
})
