import { WebSocket } from 'ws'
import type { ReconnectCloseEvent, ResumeEvent } from '../../src/close-event.ts'
import { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from '../../src/resume.ts'

/** A socket with `resume` that returns as soon as the table allows, and what it is told: a line for each event. */
export function openSocket(
  url: string,
  protocols: string | string[] = [],
  options: ReconnectingWebSocketOptions = {},
) {
  const socket = new ReconnectingWebSocket(url, protocols, {
    resume: true,
    WebSocket,
    random: () => 0,
    ...options,
  })
  socket.binaryType = 'arraybuffer'
  const seen: unknown[] = []
  const closes: ReconnectCloseEvent[] = []
  const resumes: ResumeEvent[] = []
  for (const type of ['open', 'suspend', 'error'] as const)
    socket.addEventListener(type, () => seen.push(type))
  socket.addEventListener('resume', (event) => {
    seen.push('resume')
    resumes.push(event)
  })
  socket.addEventListener('message', ({ data }) => seen.push(data))
  socket.addEventListener('close', (event) => {
    seen.push(`close ${event.code}`)
    closes.push(event)
  })
  return { socket, seen, closes, resumes }
}
