// Lines of a socket, one at a time; what follows the last stays in it.
import type net from 'node:net'

/**
 * The next line, without its end. Undefined: the socket has ended before, or more bytes came than `longest`. It is paused after that, and has
 * what came behind the line.
 */
export function nextLine(socket: net.Socket, longest: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (line: string | undefined) => {
      socket.off('data', onData).off('close', onEnd).off('end', onEnd)
      socket.pause()
      resolve(line)
    }
    const onEnd = () => settle(undefined)
    const onData = (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a)
      if (length + (end < 0 ? chunk.length : end) > longest) return settle(undefined)
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
      length += chunk.length
      if (end < 0) return
      const rest = chunk.subarray(end + 1)
      settle(Buffer.concat(chunks).toString('utf8'))
      if (rest.length > 0) socket.unshift(rest)
    }
    if (socket.destroyed || socket.readableEnded) return resolve(undefined)
    socket.on('data', onData).once('close', onEnd).once('end', onEnd)
    socket.resume()
  })
}
