import type { FindingTexts } from './finding-text.ts'
import { type FindingCode, findings } from './findings.ts'
import { configFindings } from './findings-config.ts'
import { probeFindings } from './findings-probe.ts'
import { restartFindings, softwareFindings } from './findings-restart.ts'

const subjects: readonly (readonly [heading: string, prefixes: readonly string[]])[] = [
  ['nginx', ['nginx']],
  ['HAProxy', ['haproxy']],
  ['Caddy', ['caddy']],
  ['Apache', ['apache']],
  ['Traefik', ['traefik']],
  ['Envoy', ['envoy']],
  ['Kubernetes Ingress', ['ingress', 'kubernetes']],
  ['Gateway API', ['gateway']],
]

/** The page of all findings, as Markdown. Each has its code as heading, and therefore as anchor. */
export function renderFindings(texts: FindingTexts): string {
  const codes = Object.keys(findings) as FindingCode[]
  const live = Object.keys(probeFindings) as FindingCode[]
  const stopped = Object.keys(restartFindings) as FindingCode[]
  const servers = Object.keys(softwareFindings) as FindingCode[]
  const parts = subjects.map(([heading, prefixes]) => {
    const own = codes.filter(
      (code) => Object.hasOwn(configFindings, code) && prefixes.includes(code.split('-', 1)[0]!),
    )
    return [heading, own] as const
  })
  const sections = [
    ['On a live endpoint', live] as const,
    ['When a server stops', stopped] as const,
    ['Servers that show themselves', servers] as const,
    ...parts,
  ].filter(([, own]) => own.length > 0)
  return [
    '# What the doctor finds',
    'Each finding has a code, which `holdfast check` prints and which does not change. Words in CAPITALS stand for what was found. Measured where a program is at hand: nginx 1.22, HAProxy 2.6, Caddy 2.6, Apache 2.4.71; the rest is from the documentation and the source of the programs. Lines for Caddy are those of a Caddyfile.',
    ...sections.flatMap(([heading, own]) => [`## ${heading}`, ...own.map((code) => entry(code, texts))]),
  ]
    .join('\n\n')
    .concat('\n')
}

function entry(code: FindingCode, texts: FindingTexts): string {
  const { title, why, fix } = texts[code]
  const { level } = findings[code]
  const parts = [`### ${code}`, `**${level}**: ${shown(code, title)}`, shown(code, why)]
  if (fix.length > 0) parts.push(['```', ...fix.map((line) => shown(code, line)), '```'].join('\n'))
  return parts.join('\n\n')
}

/** Arguments in capitals, in place of values. */
function shown(code: FindingCode, text: string): string {
  const args: readonly string[] = findings[code].args
  return text.replace(/\{([a-z]\w*)\}/gi, (place, name: string) =>
    args.includes(name) ? name.replace(/[A-Z]/g, '_$&').toUpperCase() : place,
  )
}
