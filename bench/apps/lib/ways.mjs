// The ways from a client to the application: each returns the port at which clients find it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, launch, listening } from './processes.mjs'

const startLimitMs = 20_000

function nginxConfiguration(port, upstream, folder) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  return `daemon off; pid ${join(folder, 'pid')}; error_log stderr; worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off; ${paths.join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 3600s;
    }
  }
}
`
}

async function nginx({ upstream, folder }) {
  const port = await freePort()
  const own = join(folder, `nginx-${port}`)
  mkdirSync(own)
  const file = join(own, 'nginx.conf')
  writeFileSync(file, nginxConfiguration(port, upstream, own))
  const program = launch(['/usr/sbin/nginx', '-p', own, '-c', file])
  await listening(port, program, startLimitMs)
  return { port, output: program.output }
}

/** Holdfast in front, with what a route says besides its name and upstream. */
function holdfast(route) {
  return async ({ upstream, folder, checkout, about }) => {
    const port = await freePort()
    const file = join(folder, `holdfast-${port}.json`)
    const settings = typeof route === 'function' ? route(about) : route
    const routes = [{ name: 'app', upstreams: [`ws://127.0.0.1:${upstream}`], ...settings }]
    writeFileSync(
      file,
      JSON.stringify({ listen: `127.0.0.1:${port}`, admin: 'off', workers: 1, routes }, null, 2),
    )
    const command = join(checkout, 'packages/cli/bin/holdfast.js')
    const program = launch([process.execPath, command, 'serve', '-c', file])
    await listening(port, program, startLimitMs)
    return { port, output: program.output }
  }
}

export const ways = [
  {
    name: 'direct',
    title: 'without a gateway',
    open: async ({ upstream }) => ({ port: upstream, output: () => '' }),
  },
  { name: 'nginx', title: 'nginx', open: nginx },
  { name: 'holdfast', title: 'Holdfast', open: holdfast({}) },
  { name: 'hold', title: '`hold: {}`', open: holdfast({ hold: {} }) },
  {
    name: 'hold-as-documented',
    title: '`hold` as its page says',
    // Only for applications for which the documents name more than `{}`.
    open: holdfast((about) => ({ hold: about.hold })),
    when: (about) => about.hold !== undefined,
  },
]
