// What web-platform-tests (websockets/) ask of a WebSocket, as far as it makes sense for one that wraps another.
// Written anew from the criteria, a point for each file. Left out: TLS variants of the same, cookies, unload,
// multi-globals, mixed content, basic-auth, blocked ports and the handshake's bytes, which are the connection's alone.
// Runs in every runtime, in a page too: nothing of Node here.
import { ReconnectingWebSocket } from '../../src/index.ts'
import { attributesPoints } from './attributes-points.ts'
import { closePoints } from './close-points.ts'
import { constructorPoints } from './constructor-points.ts'
import { eventsPoints } from './events-points.ts'
import { type Context, type Make, type Point, wrong } from './point.ts'
import { sendPoints } from './send-points.ts'

const points: readonly Point[] = [
  ...constructorPoints,
  ...attributesPoints,
  ...eventsPoints,
  ...closePoints,
  ...sendPoints,
]

const nameOf = ({ file, says }: Point) => `${file}: ${says}`

/** Names of the points, in order. */
export const pointNames = points.map(nameOf)

/** By the name of each point, why it failed; 'ok' where it did not. */
export async function runPoints(context: Context): Promise<Record<string, string>> {
  const results: Record<string, string> = {}
  for (const point of points) results[nameOf(point)] = await runPoint(point, context)
  return results
}

async function runPoint({ run }: Point, context: Context): Promise<string> {
  const made: ReconnectingWebSocket[] = []
  const options = { maxRetries: 0, buffer: { messages: 0 }, WebSocket: context.Native }
  const make: Make = (url = context.echo, protocols = undefined) => {
    const socket = new ReconnectingWebSocket(wrong(url), wrong(protocols), options)
    made.push(socket)
    return socket
  }
  try {
    await run(make, context)
    return 'ok'
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } finally {
    for (const socket of made) socket.close()
  }
}
