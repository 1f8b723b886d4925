import { constants } from 'node:os'

/**
 * Calls `first` on the first of these signals. The second one ends the process at once with 128 + its number (130
 * for SIGINT, 143 for SIGTERM): whoever asks twice does not want to wait. Returns the undo.
 */
export function onSignals(signals: readonly NodeJS.Signals[], first: () => void): () => void {
  let asked = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) process.exit(128 + constants.signals[signal])
    asked = true
    first()
  }
  // Before the handlers of a framework, which find its methods held back then.
  for (const signal of signals) process.prependListener(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
