// What the tests use beyond `npm ci`, all from Debian: installs what is missing where it can, and otherwise says
// what will be skipped. HOLDFAST_NO_INSTALL=1 only says. Takes no time when everything is there.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

const python = (module) => `/usr/lib/python3/dist-packages/${module}`

/** Package, the file that shows it is there, and what is not tested without it. */
const peers = [
  ['chromium', '/usr/bin/chromium', 'what a page in a real browser sees'],
  ['nginx-light', '/usr/sbin/nginx', 'the side by side with nginx'],
  ['haproxy', '/usr/sbin/haproxy', 'WebSockets over HTTP/2 with HAProxy'],
  ['python3-autobahn', python('autobahn'), 'frames as Autobahn sends them'],
  ['python3-websockets', python('websockets'), 'clients and servers in Python'],
  ['python3-h2', python('h2'), 'HTTP/2 as python3-h2 speaks it'],
  ['python3-aiohttp', python('aiohttp'), 'compression with aiohttp'],
  ['python3-tornado', python('tornado'), 'compression with Tornado'],
  ['python3-hypercorn', python('hypercorn'), 'compression with Hypercorn'],
  ['python3-uvicorn', python('uvicorn'), 'compression with Uvicorn'],
  ['python3-wsproto', python('wsproto'), 'compression with wsproto'],
  ['puma', '/usr/bin/puma', 'what clients of Puma see when it restarts'],
  ['ruby-actioncable', '/var/lib/dpkg/info/ruby-actioncable.list', 'what clients of Action Cable see then'],
  ['gunicorn', '/usr/bin/gunicorn', 'what clients of gunicorn see when it restarts'],
  ['python3-gevent-websocket', python('geventwebsocket'), 'WebSockets of gunicorn with gevent'],
  [
    'tomcat10-common',
    '/usr/share/tomcat10/lib/catalina.jar',
    'what clients of Tomcat see when it stops, with a JDK',
  ],
  ['websockify', '/usr/bin/websockify', 'noVNC through websockify'],
  ['python3-daphne', python('daphne'), 'what the doctor says of Daphne'],
  [
    'libnginx-mod-stream',
    '/usr/lib/nginx/modules/ngx_stream_module.so',
    'what the doctor says of nginx streams',
  ],
  ['caddy', '/usr/bin/caddy', 'what the doctor says of Caddy'],
  ['apache2-bin', '/usr/sbin/apache2', 'what the doctor says of Apache'],
  ['nats-server', '/usr/sbin/nats-server', 'the replay of NATS with a real server'],
  ['mosquitto', '/usr/sbin/mosquitto', 'the replay of MQTT 5 with a real broker'],
  ['golang-go', '/usr/bin/go', 'the chart for Kubernetes'],
  ['redis-server', '/usr/bin/redis-server', 'what a fleet of gateways shares'],
  ['pebble', '/usr/bin/pebble', 'certificates obtained from a real authority (ACME)'],
  ['tcpdump', '/usr/bin/tcpdump', 'captures of real connections, which only root may make'],
  ['curl', '/usr/bin/curl', 'HTTP requests as curl makes them'],
  ['jq', '/usr/bin/jq', 'what the guide about the log shows'],
  ['openssl', '/usr/bin/openssl', 'certificates made on the spot'],
  ['slowhttptest', '/usr/bin/slowhttptest', 'slow and half-open handshakes by slowhttptest'],
]

const policyFile = '/usr/sbin/policy-rc.d'
const minute = 60_000

const missing = () => peers.filter(([, file]) => !existsSync(file))

/** Why nothing can be installed; undefined when it can. */
function obstacle() {
  if (process.env.HOLDFAST_NO_INSTALL) return 'HOLDFAST_NO_INSTALL is set'
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get'
  if (process.getuid?.() !== 0) return 'only root can'
  return undefined
}

function apt(args, timeout) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const { status, error } = spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    env,
    timeout,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return error?.message ?? (status === 0 ? undefined : `apt-get ${args[0]} ended with ${status}`)
}

/** Debian starts a service when its package is installed, unless a policy forbids it; ours goes afterwards. */
function withoutServices(act) {
  const ours = !existsSync(policyFile)
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' })
  try {
    return act()
  } finally {
    if (ours) rmSync(policyFile)
  }
}

/** All at once; one by one when that fails, since apt-get installs nothing when it does not know one of them. */
function install(packages) {
  const get = (names) => apt(['install', '--yes', '--no-install-recommends', ...names], 8 * minute)
  return withoutServices(() => {
    const failed = apt(['update'], 2 * minute) ?? get(packages)
    if (failed && packages.length > 1) for (const name of packages) get([name])
    return failed
  })
}

const wanted = missing()
if (wanted.length > 0) {
  const names = wanted.map(([name]) => name)
  const why = obstacle()
  if (!why) console.log(`installing for the tests: ${names.join(', ')}`)
  const failed = why ?? install(names)
  for (const [name, , skipped] of missing()) {
    console.log(
      `${name} is missing, so not tested: ${skipped} (not installed: ${failed ?? 'apt-get has no such file'})`,
    )
  }
}
