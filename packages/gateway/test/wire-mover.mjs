// Takes a connection, sends back what comes on it for a moment, and gives it back: see wires.test.ts.
import { keep, wireOfHandle } from '../dist/wire/index.js'

process.on('message', (_, handle) => {
  const wire = wireOfHandle(handle)
  wire.user = {
    onPieces(pieces) {
      for (const piece of pieces) if (!wire.write(keep(piece))) wire.pause()
      return undefined
    },
    onDrain: () => wire.resume(),
    onEndOfInput: () => wire.end(),
    onClose() {},
  }
  wire.resume()
  setImmediate(giveBack, wire)
})

function giveBack(wire) {
  wire.freeze()
  if (wire.writableLength + wire.readableLength > 0) return void setImmediate(giveBack, wire)
  const handle = wire.giveAway()
  process.send('back', handle, () => handle.close())
}

process.send('ready')
