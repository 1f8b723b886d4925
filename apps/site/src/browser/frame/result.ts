// What a worker found, as elements. Connections are shown when they are opened, frames some at a time.
import { explain } from '@holdfast/close-codes/explain'
import type { Language } from '@holdfast/close-codes/languages'
import type { CloseContent, Connection, Excerpt, Frame, Result, Sender } from '../../frame/result.ts'
import type { FrameText } from '../../text/frame/frame-text.ts'
import { element, fillIn } from '../elements.ts'
import { handshakeSection } from './handshake.ts'
import { faultList, listOf, withCode } from './lists.ts'

export interface Shown {
  readonly words: FrameText
  readonly table: Language
  /** The folder with the pages of the codes. */
  readonly codes: string
}

const senders = ['client', 'server'] as const

/** Frames that are shown at once. */
const some = 200

export function showResult(result: Result, context: Shown): { summary: string; nodes: Node[] } {
  const { words } = context
  const { connections, kind } = result
  const frames = connections.reduce((sum, one) => sum + one.frames.length + one.moreFrames, 0)
  const about = { connections: connections.length, frames }
  const [first] = connections
  const summary = [
    kind && fillIn(words.readAs, { kind: words.kinds[kind] }),
    connections.length > 0 && fillIn(words.found, about),
    first && connections.length === 1 && ending(first, context)[0],
    kind === undefined && notes(result.notes, words)[0],
  ]
  const heading = element('h2', {}, words.result)
  const list = notes(kind ? result.notes : [], words)
  const single = connections.length === 1
  return {
    summary: summary.filter(Boolean).join(' '),
    nodes: [
      ...(kind ? [heading] : []),
      ...(list.length > 0 ? [listOf(list)] : []),
      ...connections.map((connection, i) => connectionBox(connection, i + 1, single, context)),
    ],
  }
}

function notes(list: Result['notes'] | Connection['notes'], words: FrameText): string[] {
  return list.map(({ what, n = '' }) => fillIn(words.notes[what], { n }))
}

function connectionBox(connection: Connection, n: number, open: boolean, context: Shown): HTMLElement {
  const { words } = context
  const box = element('details', { className: 'connection' })
  const name = connection.name || fillIn(words.connection, { n })
  const [short] = ending(connection, context)
  box.append(
    element('summary', {}, short ? fillIn(context.table.labelled, { label: name, text: short }) : name),
  )
  const fill = () => {
    if (box.childElementCount > 1) return
    const remarks = notes(connection.notes, words)
    box.append(...endingSection(connection, context))
    if (remarks.length > 0) box.append(listOf(remarks))
    if (connection.handshake) box.append(...handshakeSection(connection.handshake, words))
    if (connection.frames.length > 0) box.append(...framesSection(connection.frames, context))
  }
  box.addEventListener('toggle', fill)
  if (open) fill()
  box.open = open
  return box
}

/** "1012 Service Restart". */
function named(code: number, { table }: Shown): string {
  const known = explain(code, table)
  return `${code} ${known?.registered ? known.name : ''}`.trimEnd()
}

/** How a connection ended, sentence by sentence, the most important one first. */
function ending(connection: Connection, context: Shown): string[] {
  const words = context.words.ending
  const { end, reports, frames, handshake } = connection
  const closes = frames.filter(({ close }) => close)
  const side = senders.find((sender) => reports[sender] !== undefined)
  const sentences: string[] = []
  if (closes.length === 0 && side)
    sentences.push(fillIn(words.reports[side], { code: named(reports[side]!, context) }))
  for (const { from, close } of closes)
    sentences.push(fillIn(words.sent[from], { code: named(close!.code, context) }))
  if (closes.length === 0 && end && side && (handshake?.status ?? 101) === 101) sentences.push(words.noClose)
  if (connection.notes.some(({ what }) => /^(?:har|headersOnly)/.test(what))) sentences.push(words.unknown)
  else if (closes.length === 0 && !end && side === undefined && frames.length > 0) sentences.push(words.open)
  for (const sender of end?.fin ?? []) sentences.push(words.fin[sender])
  if (end?.reset) sentences.push(words.reset[end.reset])
  return sentences
}

function endingSection(connection: Connection, context: Shown): Node[] {
  const { words } = context
  const sentences = ending(connection, context)
  const codes = new Map<number, CloseContent | undefined>()
  for (const { close } of connection.frames) if (close && !codes.has(close.code)) codes.set(close.code, close)
  for (const sender of senders) {
    const code = connection.reports[sender]
    if (code !== undefined && !codes.has(code)) codes.set(code, undefined)
  }
  if (sentences.length === 0) return []
  return [
    element('h3', {}, words.ending.title),
    ...sentences.map((sentence) => element('p', { className: 'ending' }, sentence)),
    ...reportLines(connection, context),
    ...[...codes].map(([code, close]) => codeBox(code, close, context)),
  ]
}

/** What each side reports, where the Close alone does not tell. */
function reportLines({ reports, frames }: Connection, context: Shown): Node[] {
  if (!frames.some(({ close }) => close)) return []
  return senders
    .filter((sender) => reports[sender] !== undefined)
    .map((sender: Sender) =>
      element(
        'p',
        { className: 'ending' },
        `${fillIn(context.words.ending.reports[sender], { code: named(reports[sender]!, context) })}.`,
      ),
    )
}

/** A code explained: what it means, what to do, and the link to its page. */
function codeBox(code: number, close: CloseContent | undefined, context: Shown): HTMLElement {
  const { words, table, codes } = context
  const known = explain(code, table)
  const box = element('section', { className: 'code' })
  box.append(element('h4', {}, named(code, context)))
  const list = element('dl', { className: 'facts' })
  const add = (label: string, content: string | Node) => {
    const value = element('dd')
    value.append(content)
    list.append(element('dt', {}, label), value)
  }
  if (close?.reason) add(words.ending.reason, element('q', {}, close.reason))
  if (close?.retry !== undefined) add('retry', fillIn(words.ending.retry, { ms: close.retry }))
  if (known) {
    add(table.labels.meaning, withCode('p', known.text.meaning))
    add(table.labels.comeBack, withCode('p', known.text.advice))
  } else add(table.labels.meaning, table.ranges.outside)
  for (const { ecosystem, name, meaning } of known?.ecosystems ?? [])
    add(ecosystem, meaning ? fillIn(table.labelled, { label: name, text: meaning }) : name)
  box.append(list)
  if (known?.registered)
    box.append(element('a', { href: `${codes}${code}/` }, fillIn(words.ending.more, { code })))
  return box
}

function framesSection(frames: readonly Frame[], context: Shown): Node[] {
  const { words } = context
  const list = element('ol', { className: 'frames' })
  const more = element('button', { type: 'button' })
  let shown = 0
  const show = () => {
    list.append(...frames.slice(shown, shown + some).map((frame) => frameItem(frame, context)))
    shown = Math.min(frames.length, shown + some)
    const left = frames.length - shown
    more.hidden = left === 0
    more.textContent = fillIn(words.frames.more, { n: Math.min(left, some) })
  }
  more.addEventListener('click', show)
  show()
  return [element('h3', {}, words.frames.title), list, more]
}

function frameItem(frame: Frame, context: Shown): HTMLElement {
  const { words } = context
  const item = element('li', { className: `from-${frame.from}` })
  const head = element('p', { className: 'head' })
  const flags = [
    frame.fin && 'FIN',
    ...['RSV1', 'RSV2', 'RSV3'].filter((_, i) => ((frame.rsv ?? 0) & (4 >> i)) !== 0),
    frame.masked !== undefined && (frame.masked ? words.frames.masked : words.frames.unmasked),
    fillIn(words.frames.bytes, { n: frame.length }),
    frame.at !== undefined && `+${(frame.at / 1000).toFixed(3)} s`,
  ]
  const names: Readonly<Record<number, string>> = words.frames.opcodes
  head.append(
    element('span', {}, words.direction[frame.from]),
    ' ',
    element('strong', {}, names[frame.opcode] ?? fillIn(words.frames.reserved, { n: frame.opcode })),
    ` ${flags.filter(Boolean).join(', ')}`,
  )
  item.append(head)
  const { close, payload, inflated } = frame
  if (close) {
    const reason = close.reason === '' ? [] : [' ', element('q', {}, close.reason)]
    const line = element('p')
    line.append(element('strong', {}, named(close.code, context)), ...reason)
    item.append(line)
  } else if (payload && payload.bytes > 0) item.append(...excerptOf(payload, words))
  if (inflated) {
    item.append(element('p', { className: 'label' }, fillIn(words.frames.inflated, { n: inflated.bytes })))
    item.append(...excerptOf(inflated, words))
  }
  if (frame.faults.length > 0) item.append(faultList(frame.faults, words))
  return item
}

function excerptOf({ shown, bytes, shownBytes }: Excerpt, words: FrameText): Node[] {
  const block = element('pre', { tabIndex: 0 })
  block.append(element('code', {}, shown))
  if (shownBytes === bytes) return [block]
  const label = fillIn(words.frames.excerpt, { shown: shownBytes, n: bytes })
  return [block, element('p', { className: 'label' }, label)]
}
