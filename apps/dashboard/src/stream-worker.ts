// The shared worker behind shared-stream.ts.
import { Memory } from './memory.ts'
import { openStream, type Told } from './stream.ts'

/** What a page says: that it wants to be told, or no more, or that the stream should try again at once. */
export type PortMessage = 'join' | 'leave' | 'again'

const memory = new Memory()
const ports = new Set<MessagePort>()

const stream = openStream((told: Told) => {
  memory.take(told)
  for (const port of ports) port.postMessage(told)
})

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (!port) return
  port.onmessage = ({ data }: MessageEvent<PortMessage>) => {
    if (data === 'again') stream.again()
    if (data === 'leave') ports.delete(port)
    if (data !== 'join') return
    ports.add(port)
    if (memory.whole) port.postMessage(memory.whole)
  }
})
