// Holdfast and four other proxies, set up to pass everything to one upstream with the fields as they come.

import { spawnSync } from 'node:child_process'
import { startGateway, type TestGateway } from '@holdfast/testing'
import { apache, caddy, haproxy, nginx, type Program } from '../../doctor/test/probe/proxies.ts'

export const peers = ['holdfast', 'nginx', 'haproxy', 'caddy', 'apache'] as const
export type Peer = (typeof peers)[number]

/** The versions that the table of outcomes is about, as Debian 12 has them. */
const versions: Record<Program, [command: string, args: string[], version: RegExp]> = {
  nginx: ['/usr/sbin/nginx', ['-v'], /nginx\/1\.22\./],
  haproxy: ['/usr/sbin/haproxy', ['-v'], /version 2\.6\./],
  caddy: ['/usr/bin/caddy', ['version'], /^v?2\.6\./],
  apache: ['/usr/sbin/apache2', ['-v'], /Apache\/2\.4\./],
}

/** Why a peer cannot be compared with on this machine; undefined when it can. */
export function whyAbsent(peer: Peer): string | undefined {
  if (peer === 'holdfast') return undefined
  const [command, args, version] = versions[peer]
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error) return 'it is not installed'
  const said = `${stdout}${stderr}`
  return version.test(said) ? undefined : `another version: ${said.split('\n')[0]}`
}

export async function startPeer(peer: Peer, upstream: number): Promise<AsyncDisposable & { url: string }> {
  const to = `127.0.0.1:${upstream}`
  switch (peer) {
    case 'holdfast':
      return (await startGateway({ upstreams: [`http://${to}`] })) satisfies TestGateway
    case 'nginx':
      return nginx(
        `location / { proxy_pass http://${to}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection ""; }`,
      )
    case 'haproxy':
      return haproxy(`http://${to}`, 'option forwardfor')
    case 'caddy':
      return caddy(`reverse_proxy ${to}`, 'every')
    case 'apache':
      return apache(['proxy_http'], `ProxyPreserveHost On\nProxyPass / http://${to}/`)
  }
}
