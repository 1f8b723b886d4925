import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

/**
 * The terminal that this process was started in; undefined when none of its standard streams is one (nohup, systemd, a
 * pipe, a container), or it has none to lose.
 */
export function ownTerminal(): { isThere(): boolean } | undefined {
  if (![0, 1, 2].some(isatty)) return undefined
  return isThere() ? { isThere } : undefined
}

/** tty(4): /dev/tty is the controlling terminal; after a hangup a process has none, and the open fails with ENXIO. */
function isThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
