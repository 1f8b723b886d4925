// The process of check.ts: loads the module that it is given, and says what came of it.
import { setTimeout as pause } from 'node:timers/promises'
import type { ReplayVerdict } from './check.ts'
import { loadReplayFile } from './file.ts'

/** Milliseconds for what a module began while it was loaded and throws later: in a worker nothing would catch that. */
const lateFaultsMs = 100

const say = (verdict: ReplayVerdict) => process.send?.(verdict)

// Whoever asked has gone. A module that loops at its top level is ended by its time limit only.
process.once('disconnect', () => process.exit())
const onLateFault = (error: unknown) =>
  say({ replayFault: `the replay module ${path} fails outside of every call: ${wordsOf(error)}` })
process.on('uncaughtException', onLateFault)
// On Node a rejection that nobody handles would arrive there, too; not on Bun.
process.on('unhandledRejection', onLateFault)

const path = process.argv[2]!
try {
  const module = await loadReplayFile(path)
  module.create()
  await pause(lateFaultsMs)
  say({})
} catch (error) {
  say({ replayFault: wordsOf(error) })
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error)
}
