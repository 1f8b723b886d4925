// The process of replay-check.ts: loads the module that it is given, and says what came of it.

import type { ReplayVerdict } from './replay-check.ts'
import { loadReplayFile } from './replay-file.ts'

const say = (verdict: ReplayVerdict) => process.send?.(verdict)

// Whoever asked has gone. A module that loops at its top level is ended by its time limit only.
process.once('disconnect', () => process.exit())

try {
  const module = await loadReplayFile(process.argv[2]!)
  module.create()
  say({})
} catch (error) {
  say({ replayFault: error instanceof Error ? error.message.split('\n')[0]! : String(error) })
}
