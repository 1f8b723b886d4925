// docs/restarting.md: for each server what was measured of its stops, and the lines that make it say 1012.
import {
  exitInWords,
  newcomersInWords,
  type ServerStops,
  type Stop,
  seenInWords,
  serverStops,
  serverStopsMeasured,
  silentInWords,
  timeInWords,
} from '@holdfast/close-codes/measured'
import { en as english } from '@holdfast/close-codes/text/en'
import type { FindingTexts } from './finding-text.ts'
import { type Section, sections } from './restarting-sections.ts'

const intro = `# Restarting servers

What connected clients see when a server is stopped, and the lines that change it. Every row was watched on the wire, on
${serverStopsMeasured}, with three raw TCP clients for each stop: Debian 12, Node 20.20.2, versions as they are named. Plain SIGTERM,
as Docker, Kubernetes and systemd send it, cuts TCP without a Close frame (1006) with nearly all of them; a hint when to come
back is given by none. \`holdfast servers NAME\` prints the same, and \`holdfast check --restart 'COMMAND'\` does it with your own
server.

Servers on Node, with the two lines for each of them, are in [restarting-node.md](restarting-node.md). What nothing makes say
1012 stands behind Holdfast like the others: with [\`hold\`](configuration.md) its clients stay connected while it restarts, whatever
code it says then, or none: \`hold.stopping\` finds out within a second whether a server stops, or sends one client away.
One that accepts and answers nobody (workerd, hypnotoad after SIGQUIT, aiohttp without its hook) is found out by what it leaves
unanswered first, and its clients move together, within \`keepalive.timeout\` of that.

In the tables "nothing" means that the client was still connected after 40 s. A client that never answers is one whose phone
has lost its network: how long it holds the process matters, because Docker kills after 10 s and Kubernetes after 30.`

/** The page, as Markdown. */
export function renderRestarting(texts: FindingTexts): string {
  const rows = new Map(serverStops.map((row) => [row.server, row]))
  const parts = sections.map((section) => part(section, rows, texts))
  return `${[intro, ...parts].join('\n\n')}\n`
}

function part(section: Section, rows: ReadonlyMap<string, ServerStops>, texts: FindingTexts): string {
  const { heading, servers, software, note } = section
  const words = software && texts[software]
  return [
    `## ${heading}`,
    ...(words ? [words.why] : []),
    ...(note ? [note] : []),
    ...(words ? [['```', ...words.fix, '```'].join('\n')] : []),
    ...servers.map((server) => tableOf(rows.get(server)!)),
  ].join('\n\n')
}

function tableOf({ server, version, from, stops }: ServerStops): string {
  return [
    `**${server}**: ${version} (${from})`,
    '',
    '| how it is stopped | clients see | after | newcomers | the process ends | a client that never answers |',
    '|---|---|---|---|---|---|',
    ...stops.map((stop) => `| ${cells(stop).map(escaped).join(' | ')} |`),
  ].join('\n')
}

function cells(stop: Stop): string[] {
  return [
    stop.how,
    seenInWords(stop.sees, english),
    timeInWords(stop),
    newcomersInWords(stop, english),
    exitInWords(stop, english),
    silentInWords(stop, english),
  ]
}

const escaped = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
