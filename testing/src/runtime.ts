import { basename } from 'node:path'

/** What runs the built gateway: HOLDFAST_RUNTIME, the path of a Node or Bun executable, or this Node. */
export function runtime(): { path: string; name: 'node' | 'bun'; foreign: boolean } {
  const path = process.env.HOLDFAST_RUNTIME ?? process.execPath
  return {
    path,
    name: basename(path).startsWith('bun') ? 'bun' : 'node',
    foreign: process.env.HOLDFAST_RUNTIME !== undefined,
  }
}
