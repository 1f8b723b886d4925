// RabbitMQ with its Web STOMP plugin, and stompjs. Its Erlang node has a name and a port mapper of its own.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { join } from './stomp.mjs'

export const about = {
  title: 'RabbitMQ Web STOMP, stompjs',
  packages: ['@stomp/stompjs', 'ws'],
  debian: ['rabbitmq-server'],
  protocol: 'STOMP 1.2',
}

let ports
/** The environment that keeps a node apart from any other on this machine. */
export function node({ port, folder, plugins, settings }) {
  ports ??= {
    mapper: port - 1000 > 1024 ? port - 1000 : port + 1000,
    node: port > 30_000 ? port - 10_000 : port + 10_000,
  }
  chmodSync(folder, 0o777)
  const own = path(folder, 'rabbit')
  mkdirSync(own, { recursive: true })
  chmodSync(own, 0o777)
  writeFileSync(path(own, 'rabbitmq.conf'), `listeners.tcp = none\n${settings}\n`)
  writeFileSync(path(own, 'enabled_plugins'), `[${plugins}].\n`)
  chmodSync(path(own, 'enabled_plugins'), 0o666)
  return {
    ERL_EPMD_PORT: String(ports.mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `apps${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(ports.node),
    RABBITMQ_CONFIG_FILE: path(own, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path(own, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: path(own, 'mnesia'),
    RABBITMQ_LOG_BASE: path(own, 'log'),
    RABBITMQ_LOGS: '-',
    HOME: own,
  }
}

export function command({ port, folder }) {
  const settings = `web_stomp.tcp.ip = 127.0.0.1\nweb_stomp.tcp.port = ${port}\nstomp.listeners.tcp = none`
  const env = node({ port, folder, plugins: 'rabbitmq_web_stomp', settings })
  return { run: ['/usr/lib/rabbitmq/bin/rabbitmq-server'], env }
}

/** The port mapper is a daemon that the node started. */
export function afterStop({ last }) {
  if (!last || !ports) return
  try {
    execFileSync('epmd', ['-kill'], {
      env: { ...process.env, ERL_EPMD_PORT: String(ports.mapper) },
      stdio: 'ignore',
    })
  } catch {
    // It has ended with its last node.
  }
}

export function client({ host, port, ...user }) {
  const login = { connectHeaders: { login: 'guest', passcode: 'guest' } }
  return join({ url: `ws://${host}:${port}/ws`, topic: '/topic/room', ...login, ...user })
}
