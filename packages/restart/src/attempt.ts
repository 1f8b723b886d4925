/** Does it, and says so where it fails: what goes wrong with one thing must not stop the others. */
export function attempt(act: () => void, log: (line: string) => void): void {
  try {
    act()
  } catch (error) {
    log(`restart: ${messageOf(error)}`)
  }
}

/** What an error, or whatever was thrown in its place, says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
