/** Tells which program a configuration is for, from its name and its content. */
import type { ConfigFile } from './context.ts'

/** The kinds of configuration that the doctor reads. */
export const configKinds = ['nginx', 'haproxy', 'caddy', 'apache', 'traefik', 'envoy', 'kubernetes'] as const

/** A kind of configuration that the doctor reads. */
export type ConfigKind = (typeof configKinds)[number]

const names: readonly (readonly [ConfigKind, RegExp])[] = [
  ['caddy', /^Caddyfile|\.caddyfile$|^caddy\.json$/i],
  ['haproxy', /^haproxy.*\.cfg$|\.haproxy$/i],
  ['nginx', /^nginx.*\.conf$|\.nginx$/i],
  ['apache', /^(?:httpd|apache2?)\b.*\.conf$|\.vhost$|^\.htaccess$/i],
  ['traefik', /^traefik\b.*\.(?:ya?ml|toml)$/i],
  ['envoy', /^envoy\b.*\.(?:ya?ml|json)$/i],
]

const traefikSections = /^[ \t]+["']?(?:routers|services|middlewares|serversTransports)["']?[ \t]*:/im

// The first whose expressions all fit is taken; they look at lines from their beginning, so that comments decide nothing.
const contents: readonly (readonly [ConfigKind, ...RegExp[]])[] = [
  ['nginx', /^# configuration file .+:$/m],
  ['kubernetes', /^[ \t]*(?:\{[ \t]*)?["']?apiVersion["']?[ \t]*:/m],
  ['envoy', /^[ \t]*(?:\{[ \t]*)?["']?(?:static_?resources|dynamic_?resources)["']?[ \t]*:/im],
  ['envoy', /type\.googleapis\.com\/envoy\./],
  ['caddy', /^[ \t]*\{\s*"(?:apps|admin|logging|storage)"\s*:/],
  ['caddy', /^[ \t]*"handler"[ \t]*:[ \t]*"/m],
  ['traefik', /^[ \t]*\[\[?(?:http|tcp|udp|entry_?points|providers|certificates_?resolvers|api)\b/im],
  ['traefik', /^["']?(?:entry_?points|providers|certificates_?resolvers)["']?[ \t]*:/im],
  ['traefik', /^["']?http["']?[ \t]*:[ \t]*(?:#.*)?$/im, traefikSections],
  ['apache', /^[ \t]*<(?:VirtualHost|Location|IfModule|Directory|Proxy)\b/im],
  [
    'apache',
    /^[ \t]*(?:ProxyPass(?:Match|Reverse)?|LoadModule|Rewrite(?:Engine|Rule|Cond)|ServerRoot)[ \t]+\S/im,
  ],
  ['haproxy', /^[ \t]*(?:frontend|backend|listen)[ \t]+[\w.-][^{;\n]*$/m],
  ['haproxy', /^(?:defaults|global)[ \t]*(?:#.*)?$/m],
  [
    'nginx',
    /^[ \t]*(?:server|http|upstream[ \t]+\S+|location[ \t][^{\n]+|map[ \t]+\S+[ \t]+\S+|events|stream)\s{0,50}\{/m,
  ],
  ['nginx', /^[ \t]*proxy_pass[ \t]+\S+[ \t]*;/m],
  [
    'caddy',
    /^[ \t]*(?:reverse_proxy|handle|handle_path|route|file_server|encode|php_fastcgi|respond)(?=\s|$)[^;\n]*$/m,
  ],
  ['caddy', /^[^\s,;{}()<>#]+(?:,[ \t]*[^\s,;{}()<>]+)*[ \t]*\{[ \t]*$/m],
]

/** The kind of a configuration; undefined when nothing tells. */
export function kindOf({ path, text }: ConfigFile): ConfigKind | undefined {
  const name = path.replace(/^.*[/\\]/, '')
  const byName = names.find(([, fits]) => fits.test(name))?.[0]
  // YAML and JSON say what they are; the names of such files are anything.
  const head = text.slice(0, 200_000)
  const byContent = contents.find(([, ...all]) => all.every((fits) => fits.test(head)))?.[0]
  if (byContent === 'kubernetes' || byContent === 'envoy') return byContent
  return byName ?? byContent
}
