import type { Finding, FindingCode } from '../../src/findings.ts'
import { fix } from '../../src/words.ts'

/** The text of a file, and the line that a finding names. */
class Edit {
  readonly rows: string[]
  at: number

  constructor(text: string, line: number) {
    this.rows = text.split('\n')
    this.at = line - 1
  }

  get row(): string {
    return this.rows[this.at] ?? ''
  }

  indent(at = this.at): string {
    return /^\s*/.exec(this.rows[at] ?? '')?.[0] ?? ''
  }

  put(at: number, lines: readonly string[], indent = this.indent(at), drop = 0): void {
    this.rows.splice(at, drop, ...lines.map((line) => indent + line))
  }

  replace(lines: readonly string[]): void {
    this.put(this.at, lines, this.indent(), 1)
  }

  /** The line of this kind that is nearest before the named one, or else after it. */
  find(pattern: RegExp): number {
    const before = this.rows.slice(0, this.at + 1).findLastIndex((row) => pattern.test(row))
    const found = before >= 0 ? before : this.rows.findIndex((row) => pattern.test(row))
    if (found < 0) throw new Error(`no line fits ${pattern}`)
    return found
  }

  /** The innermost block in braces around a line: its first and its last line. */
  block(): [first: number, last: number] {
    let depth = 0
    let first = this.at
    for (; first > 0; first--) {
      if (first !== this.at || !/\{\s*$/.test(this.row)) depth += braces(this.rows[first] ?? '')
      if (depth > 0) break
    }
    depth = 1
    let last = first + 1
    for (; last < this.rows.length; last++) {
      depth += braces(this.rows[last] ?? '')
      if (depth <= 0) break
    }
    return [first, last]
  }
}

function braces(row: string): number {
  const bare = row.replace(/#.*|"[^"]*"|'[^']*'/g, '')
  return bare.split('{').length - bare.split('}').length
}

type Apply = (edit: Edit, lines: readonly string[], finding: Finding) => void

const remove: Apply = (edit) => void edit.rows.splice(edit.at, 1)
const replace: Apply = (edit, lines) => edit.replace(lines)
const before: Apply = (edit, lines) => edit.put(edit.at, lines)

/** Directives of nginx: each takes the place of one of its kind in the block, or is added. */
const set: Apply = (edit, lines) => {
  for (const line of lines) {
    const [name = '', first = ''] = line.split(/[\s;]+/)
    const key = name === 'proxy_set_header' ? `${name}\\s+${first}\\b` : `${name}\\b`
    const [from, to] = edit.block()
    const known = edit.rows.findIndex(
      (row, at) => at > from && at < to && new RegExp(`^\\s*${key}`).test(row),
    )
    if (known >= 0) edit.put(known, [line], edit.indent(known), 1)
    else edit.put(edit.at + 1, [line], edit.indent())
  }
}

/** The value of a key in YAML, at its line; a dash before it stays. */
const value: Apply = (edit, lines) => {
  const dash = /^\s*(?:- )?/.exec(edit.row)?.[0] ?? ''
  const [first = '', ...more] = lines
  edit.rows.splice(edit.at, 1, dash + first, ...more.map((line) => dash.replace('-', ' ') + line))
}

/** Keys of YAML inside of what begins at the line, two columns deeper. */
const inside: Apply = (edit, lines) => edit.put(edit.at + 1, lines, `${edit.indent()}  `)

/** Keys of YAML beside that of the line. */
const beside: Apply = (edit, lines) => edit.put(edit.at, lines)

/** A block of YAML goes with everything in it. */
const removeBlock: Apply = (edit) => {
  const deep = edit.indent().length
  let end = edit.at + 1
  while (
    end < edit.rows.length &&
    (edit.indent(end).length > deep ||
      (/^\s*- /.test(edit.rows[end] ?? '') && edit.indent(end).length >= deep && !/^\s*- /.test(edit.row)))
  )
    end++
  edit.rows.splice(edit.at, end - edit.at)
}

const replaceBlock: Apply = (edit, lines, finding) => {
  const indent = edit.indent()
  const at = edit.at
  removeBlock(edit, lines, finding)
  edit.put(at, lines, indent)
}

const annotate: Apply = (edit, lines) => {
  const annotations = edit.rows.findIndex((row) => /^ {2}annotations:/.test(row))
  const line = lines.at(-1) ?? ''
  const key = line.replace(/:.*/, '')
  const known = edit.rows.findIndex((row) => row.trim().startsWith(`${key}:`))
  if (known >= 0) edit.put(known, [line], edit.indent(known), 1)
  else if (annotations >= 0) edit.put(annotations + 1, [line], '    ')
  else edit.put(edit.find(/^ {2}name:/) + 1, ['annotations:', `  ${line}`], '  ')
}

/** What follows dots is added to the line. */
const extend: Apply = (edit, lines) => {
  const more = (lines[0] ?? '').replace(/^.*\.\.\. /, '')
  const known = /^(\w+) \d+$/.exec(more)?.[1]
  const row = known ? edit.row.replace(new RegExp(` ${known} \\d+`), '') : edit.row
  edit.rows.splice(edit.at, 1, `${row} ${more}`)
}

/** Documents are added at the end, and what stands behind a remark goes where `rest` puts it. */
const document =
  (rest?: Apply): Apply =>
  (edit, lines, finding) => {
    const split = lines.findIndex((line) => line.startsWith('# and'))
    if (rest && split >= 0) rest(edit, lines.slice(split + 1), finding)
    edit.rows.push('---', ...lines.slice(0, split < 0 ? undefined : split))
  }

/** How the lines of each fix are written into the file. */
const ways: Partial<Record<FindingCode, Apply>> = {
  'nginx-http-version': set,
  'nginx-upgrade-header': set,
  'nginx-connection-header': set,
  'nginx-headers-not-inherited': set,
  'nginx-read-timeout': set,
  'nginx-default-timeout': set,
  'nginx-if': replace,
  'nginx-scheme': set,
  'nginx-backend-tls': set,
  'nginx-handshake-headers': remove,
  'nginx-map-missing': (edit, lines) => edit.put(edit.find(/^\s*server \{/), lines),
  'nginx-map-value': (edit, lines) => {
    const end = edit.rows.findIndex((row, at) => at > edit.at && /^\s*\}/.test(row))
    edit.put(edit.at, lines, edit.indent(), end - edit.at + 1)
  },
  'nginx-path-slash': (edit, lines) => edit.put(edit.find(/^\s*location/), lines, undefined, 1),
  'nginx-header-buffers': (edit, lines) =>
    set(
      edit,
      lines.filter((line) => line.startsWith(edit.row.trim().split(' ')[0] ?? '')),
      {} as Finding,
    ),
  'nginx-wrong-pass': (edit, lines) => edit.put(edit.at, lines, edit.indent(), 1),
  'nginx-sticky': (edit, lines) => edit.put(edit.at + 1, lines, '    '),
  'nginx-stream-timeout': set,
  'haproxy-tunnel-timeout': replace,
  'haproxy-no-tunnel-timeout': before,
  'haproxy-tunnel-in-frontend': (edit, lines) => {
    remove(edit, lines, {} as Finding)
    edit.put(edit.rows.indexOf('defaults') + 1, lines, '    ')
  },
  'haproxy-acl-case': replace,
  'haproxy-denied': remove,
  'haproxy-header-rule': remove,
  'haproxy-server-h2': extend,
  'haproxy-maxconn': extend,
  'haproxy-backend-tls': extend,
  'haproxy-health-check': replace,
  'haproxy-sticky': (edit, [cookie = '']) => {
    edit.put(edit.at + 1, [cookie])
    for (const [at, row] of edit.rows.entries()) {
      if (at > edit.at && /^\s*server /.test(row)) edit.rows[at] = `${row} cookie ${row.trim().split(' ')[1]}`
    }
  },
  'caddy-header-up': remove,
  'caddy-read-timeout': replace,
  'caddy-stream-timeout': replace,
  'caddy-h2c': (edit, lines) => edit.put(edit.find(/^\s*reverse_proxy/), lines),
  'caddy-rewritten-first': (edit, lines, { args }) => {
    for (const text of ['file_server', String(args.directive), `reverse_proxy ${args.path} localhost:3000`]) {
      const at = edit.rows.findIndex((row) => row.trim() === text)
      edit.rows.splice(at, 1)
      edit.at = at
    }
    edit.put(edit.rows.lastIndexOf('}'), [...lines.slice(0, -1), '    file_server', '}'], '\t')
  },
  'caddy-path-stripped': (edit, [line = '']) => edit.replace([line]),
  'caddy-matcher': replace,
  'caddy-scheme': replace,
  'caddy-upstream-path': (edit, lines) =>
    edit.replace(lines.map((line) => line.replace('reverse_proxy', 'reverse_proxy /ws'))),
  'caddy-exact-path': replace,
  'caddy-v1': (edit, lines) => {
    edit.rows.splice(edit.find(/^\s*gzip/), 1)
    const [from, to] = [edit.rows.findIndex((row) => /^\s*proxy /.test(row)), edit.rows.indexOf('\t}')]
    edit.put(from, lines, '\t', to - from + 1)
  },
  'caddy-sticky': inside,
  'apache-no-upgrade': replace,
  'apache-module-missing': (edit, [line = '']) =>
    edit.put(edit.find(/^LoadModule proxy_module/) + 1, [line], ''),
  'apache-order': (edit, _, { args }) => {
    const [line = ''] = edit.rows.splice(edit.at, 1)
    edit.rows.splice(
      edit.rows.findIndex((row) => row.includes(`ProxyPass        ${args.earlier} `)),
      0,
      line,
    )
  },
  'apache-rewrite-cond': (edit, lines) => edit.replace(lines.filter((line) => line.includes('Connection'))),
  'apache-rewrite-off': (edit, lines) => edit.put(edit.find(/RewriteCond/), lines),
  'apache-rewrite-flag': replace,
  'apache-rewrite-scheme': replace,
  'apache-rewrite-order': (edit) => {
    const moved = edit.rows.splice(edit.at - 1, 2)
    edit.rows.splice(edit.find(/^\s*RewriteRule/), 0, ...moved)
  },
  'apache-timeout': (edit, lines) => edit.put(edit.at + 1, lines),
  'apache-default-timeout': before,
  'apache-header-unset': replace,
  'apache-http10': remove,
  'apache-path-slash': replace,
  'traefik-headers': remove,
  'traefik-h2c': value,
  'traefik-scheme': value,
  'traefik-rule': (edit, [call = '']) => {
    edit.rows[edit.at] = edit.row.replace(/Header\(`(?:Connection|Upgrade)`, `\w+`\)/, () => call)
  },
  'traefik-exact-path': (edit, [call = '']) => {
    edit.rows[edit.at] = edit.row.replace(/Path\(`[^`]*`\)/, call)
  },
  'traefik-in-flight': value,
  'traefik-path-stripped': (edit) => {
    const list = edit.rows.findIndex((row) => row.includes('middlewares: [strip-ws]'))
    if (list >= 0) edit.rows.splice(list, 1)
    else {
      const at = edit.rows.findIndex((row) => row.includes('router.middlewares:'))
      edit.rows[at] = (edit.rows[at] ?? '').replace('default-ws-strip@kubernetescrd,', '')
    }
  },
  'traefik-pass-host': value,
  'traefik-sticky': beside,
  'envoy-no-upgrade': (edit, lines) => edit.put(edit.at + 3, lines),
  'envoy-upgrade-disabled': (edit) => {
    edit.rows[edit.at] = edit.row.replace('false', 'true')
  },
  'envoy-idle-timeout': value,
  'envoy-default-timeout': inside,
  'envoy-header-match': (edit, lines) => {
    edit.rows[edit.at] = `${edit.indent()}${lines.at(-1)?.trim()}`
  },
  'envoy-max-duration': value,
  'envoy-upstream-h2': (edit, lines) => edit.put(edit.at, [lines.at(-1)?.trim() ?? ''], undefined, 1),
  'envoy-downstream-h2': (edit, [line = '']) => value(edit, [line], {} as Finding),
  'envoy-buffer-filter': (edit, lines) => {
    const at = edit.find(/upgrade_configs:/)
    edit.put(at, lines, undefined, 2)
  },
  'envoy-headers-removed': remove,
  'envoy-path-slash': (edit, lines) => {
    const at = edit.find(/prefix: /)
    edit.rows[at] = (edit.rows[at] ?? '').replace(/prefix: "[^"]*"/, lines.at(-1) ?? '')
  },
  'envoy-circuit-breaker': (edit, [line = '']) => {
    edit.rows[edit.at] = edit.row.replace(/\w+: \d+/, line)
  },
  'envoy-exact-path': (edit, [line = '']) => {
    edit.rows[edit.at] = edit.row.replace(/path: "[^"]*"/, line)
  },
  'ingress-timeout': value,
  'ingress-default-timeout': annotate,
  'ingress-lifetime': document((edit, [line = '']) => {
    edit.put(
      edit.rows.findIndex((row) => row.includes('cloud.google.com/neg')),
      [line],
    )
  }),
  'ingress-foreign-annotation': remove,
  'ingress-websocket-annotation': annotate,
  'ingress-timeout-unit': value,
  'ingress-annotation-type': value,
  'ingress-http-version': value,
  'ingress-connection-header': remove,
  'ingress-backend-protocol': value,
  'ingress-websocket-services': value,
  'ingress-unknown-annotation': (edit, lines) => {
    remove(edit, lines, {} as Finding)
    for (const line of lines) annotate(edit, [line], {} as Finding)
  },
  'ingress-rewrite-target': (edit, [regex = '', target = '', path = '', type = '']) => {
    edit.replace([regex, target])
    edit.at = edit.rows.findIndex((row) => row.includes('- path:'))
    edit.rows.splice(edit.at, 2, `${edit.indent()}- ${path}`, `${edit.indent()}  ${type}`)
  },
  'ingress-traefik-middleware': value,
  'ingress-exact-path': (edit, [path = '', type = '']) => edit.put(edit.at, [path, type], edit.indent(), 2),
  'kubernetes-service-port': (edit) => {
    edit.rows[edit.at] = edit.row.replace(/\d+$/, '80')
  },
  'gateway-timeout': value,
  'gateway-default-timeout': document((edit, lines) => {
    edit.put(edit.find(/^ {6}backendRefs:/), lines)
  }),
  'gateway-lifetime': document(),
  'gateway-app-protocol': value,
  'gateway-header-filter': remove,
  'gateway-header-match': (edit, lines) => {
    edit.rows.splice(
      edit.at - 1,
      2,
      `${edit.indent(edit.at - 1)}${lines[1]?.trim()}`,
      `${edit.indent(edit.at)}${lines[2]?.trim()}`,
    )
  },
  'gateway-redirect': removeBlock,
  'gateway-path-rewrite': (edit) => {
    const at = edit.find(/filters:/)
    const end = edit.rows.findIndex((row, index) => index > at && /^ {6}\w|^ {4}- /.test(row))
    edit.rows.splice(at, (end < 0 ? edit.rows.length : end) - at)
  },
  'gateway-section': (edit, _, { args }) => {
    edit.rows[edit.at] = edit.row.replace(/: .*/, `: ${String(args.known).split(', ')[0]}`)
  },
  'gateway-method': value,
  'gateway-exact-path': (edit, lines, finding) => {
    const at = edit.find(/path:$/)
    edit.rows.splice(at + 1, 2)
    edit.at = at
    value(edit, lines, finding)
  },
  'gateway-upgrade-disabled': replaceBlock,
}

/** The text with the fix of a finding written into it; undefined when nobody has said how that is done. */
export function applyFix(text: string, finding: Finding): string | undefined {
  const { where, code } = finding
  const apply = ways[code]
  if (!where || !('line' in where) || !apply) return undefined
  const edit = new Edit(text, where.line)
  const lines = fix(finding).filter((line) => line.startsWith('# and') || !line.startsWith('# '))
  apply(edit, lines, finding)
  return edit.rows.join('\n')
}
