import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apacheModules, type Program, type RunningProxy, start } from '../probe/proxies.ts'

/** Where a configuration of a fixture leads when it is run. */
export interface Place {
  /** The port on the loopback in place of every address of a server behind. */
  port: number
  /** Servers that take only pages, and the port in their place. */
  pages?: { addresses: RegExp; port: number }
}

const address = /\b(?:\d+\.\d+\.\d+\.\d+(?::\d+)?|(?:localhost|node\d|backend\.internal):\d+)\b/g

function addressed(text: string, { port, pages }: Place): string {
  return text.replace(address, (found) => `127.0.0.1:${pages?.addresses.test(found) ? pages.port : port}`)
}

/** Runs the configuration of a fixture: its own, but for the addresses at which it listens and to which it leads. */
export function run(kind: Program, text: string, place: Place): Promise<RunningProxy> {
  const own = addressed(text, place)
  if (kind === 'nginx') return runNginx(own)
  if (kind === 'haproxy') return runHaproxy(own)
  return kind === 'caddy' ? runCaddy(own) : runApache(own)
}

function runNginx(text: string): Promise<RunningProxy> {
  return start('nginx', (folder, at) => {
    const whole = /^\s*events\b/m.test(text) ? text : `events {}\nhttp {\n${text}\n}\n`
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const config = whole
      .replace(/^user .*$/m, '')
      .replace(/listen [^;]*;/g, `listen ${at};`)
      .replace(/^http \{/m, `http {\naccess_log off;\n${folders.join('\n')}`)
    const main = `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;\n`
    return { config: main + config, args: (file) => ['-p', folder, '-c', file] }
  })
}

function runHaproxy(text: string): Promise<RunningProxy> {
  return start('haproxy', (_, at) => ({
    config: text.replace(/bind \S+/g, `bind ${at}`).replace(/^\s*(?:log|option\s+httplog)\b.*$/gm, ''),
    args: (file) => ['-db', '-f', file],
  }))
}

function runCaddy(text: string): Promise<RunningProxy> {
  return start('caddy', (folder, at) => {
    // The page that every path becomes must be there.
    writeFileSync(join(folder, 'index.html'), 'a page')
    const sites = text
      .replace(/^\{\n[\s\S]*?\n\}\n/, '')
      .replace(/^[\w.]+\.example\.com.* \{$/gm, `http://${at} {\n\tbind ${at.split(':')[0]}`)
      .replace(/root \* \S+/, `root * ${folder}`)
    return {
      config: `{\n\tadmin off\n\tauto_https off\n\tstorage file_system ${folder}\n}\n${sites}`,
      args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
      env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    }
  })
}

function runApache(text: string): Promise<RunningProxy> {
  const whole = /^LoadModule/m.test(text)
  const names = 'mpm_event authz_core proxy proxy_http proxy_wstunnel rewrite headers setenvif env alias'
  const loads = names.split(' ').map((name) => `LoadModule ${name}_module modules/mod_${name}.so`)
  return start('apache', (folder, at) => ({
    config: `ServerRoot ${folder}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
Mutex file:${folder}
ErrorLog ${folder}/error.log
Listen ${at}
ServerName 127.0.0.1
${whole ? '' : loads.join('\n')}
${text
  .replace(/^(?:ServerRoot|Listen|ServerName) .*$/gm, '')
  .replace(/^\s*(?:ErrorLog|CustomLog) .*$/gm, '')
  .replace(/\*:80/g, at)}
`.replace(/ modules\/(?=mod_)/g, ` ${apacheModules}/`),
    args: (file) => ['-X', '-d', folder, '-f', file],
  }))
}
