let act = (error: unknown): void => {
  process.stderr.write(`holdfast: internal error: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

/** Faults that nobody caught come here; a command ends with them, unless it says otherwise with `onFault`. */
export function watchFaults(): void {
  process.on('uncaughtException', (error) => act(error))
  // Node would raise it as the above; other runtimes end the process.
  process.on('unhandledRejection', (error) => act(error))
}

/** What to do with a fault that nobody caught, from now on. */
export function onFault(next: (error: unknown) => void): void {
  act = next
}
