// The first bytes of a connection, be it a stream of Node's or not one yet.
import type { Duplex } from 'node:stream'
import { Accepted } from '../wire/index.ts'

/**
 * Reads until there are any, and pauses the connection before `take` gets them; one that ends before is destroyed. Returns what stops it.
 */
export function takeFirstBytes(connection: Duplex | Accepted, take: (bytes: Buffer) => void): () => void {
  if (connection instanceof Accepted) {
    const stop = () => connection.stop()
    const onBytes = (bytes: Buffer) => {
      stop()
      take(bytes)
    }
    connection.read({ onBytes, onLeft: () => connection.destroy() })
    return stop
  }
  const stop = () => void connection.off('data', came).off('end', leave).off('close', stop)
  const came = (bytes: Buffer) => {
    stop()
    connection.pause()
    take(bytes)
  }
  const leave = () => {
    stop()
    connection.destroy()
  }
  connection.on('data', came).on('end', leave).on('close', stop).resume()
  return stop
}
