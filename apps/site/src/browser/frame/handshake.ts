// The opening handshake, as elements.
import type { Handshake } from '../../frame/result.ts'
import type { FrameText } from '../../text/frame/frame-text.ts'
import { element, fillIn } from '../elements.ts'
import { faultList } from './lists.ts'

export function handshakeSection(handshake: Handshake, words: FrameText): Node[] {
  const text = words.handshake
  const list = element('dl', { className: 'facts' })
  const add = (label: string, value: string | undefined) => {
    if (value !== undefined) list.append(element('dt', {}, label), element('dd', {}, value))
  }
  const agreed = (value: string | undefined, offered: string | undefined) => {
    if (value === undefined && offered === undefined) return undefined
    const offer = offered === undefined ? '' : ` (${fillIn(text.offered, { offered })})`
    return `${value ?? text.nothing}${offer}`
  }
  const { status, accept, deflate, faults } = handshake
  add(text.status, status === undefined ? undefined : String(status))
  add(text.accept, accept && text.accepts[accept])
  add(text.protocol, agreed(handshake.protocol, handshake.offeredProtocols))
  add(text.extensions, agreed(handshake.extensions, handshake.offeredExtensions))
  if (deflate) {
    const side = (takeover: boolean, bits: number) =>
      `${text.takeover[takeover ? 'kept' : 'dropped']}, ${fillIn(text.window, { bits })}`
    add(`${text.compression}, ${words.direction.client}`, side(deflate.clientTakeover, deflate.clientBits))
    add(`${text.compression}, ${words.direction.server}`, side(deflate.serverTakeover, deflate.serverBits))
  }
  return [
    element('h3', {}, text.title),
    list,
    faults.length > 0 ? faultList(faults, words) : element('p', {}, text.fine),
    ...raw(text.request, handshake.request),
    ...raw(text.response, handshake.response),
  ]
}

function raw(label: string, head: string | undefined): Node[] {
  if (head === undefined) return []
  const box = element('details')
  const block = element('pre', { tabIndex: 0 })
  block.append(element('code', {}, head))
  box.append(element('summary', {}, label), block)
  return [box]
}
