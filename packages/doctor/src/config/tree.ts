/** YAML, JSON and TOML as one kind of tree, in which every part knows its line. */
import { maxDepth, type Place } from './context.ts'

/** A value of a configuration, and where it stands: for a value in a mapping, the line of its key. */
export interface Tree {
  place: Place
  /** A scalar; undefined for lists and mappings. */
  scalar?: string | number | boolean | null
  items?: Tree[]
  /** In the order of the file, keys as they are written. */
  entries?: [key: string, value: Tree][]
}

/** What a walk may visit before it stops: files can share parts by reference, and grow without end. */
export const maxNodes = 100_000

/** `upgrade_configs`, `upgradeConfigs` and `upgrade-configs` are one name: the readers' programs agree on little. */
function plain(key: string): string {
  return key.toLowerCase().replace(/[_-]/g, '')
}

/** The value under these keys, one below the other. */
export function at(tree: Tree | undefined, ...keys: string[]): Tree | undefined {
  let found = tree
  for (const key of keys) {
    const name = plain(key)
    found = found?.entries?.find(([known]) => plain(known) === name)?.[1]
  }
  return found
}

/** The values of a list under these keys; a single value counts as a list of one. */
export function listAt(tree: Tree | undefined, ...keys: string[]): Tree[] {
  const found = at(tree, ...keys)
  if (!found) return []
  return found.items ?? (found.entries || found.scalar !== undefined ? [found] : [])
}

/** The keys and values of a mapping under these keys. */
export function entriesAt(tree: Tree | undefined, ...keys: string[]): [key: string, value: Tree][] {
  return at(tree, ...keys)?.entries ?? []
}

/** A scalar under these keys, as text. */
export function textAt(tree: Tree | undefined, ...keys: string[]): string | undefined {
  const scalar = at(tree, ...keys)?.scalar
  return scalar === undefined || scalar === null ? undefined : String(scalar)
}

/** Every part of a tree, parents first, down to a depth that no configuration needs. */
export function* walk(tree: Tree | undefined, depth = 0): Generator<Tree> {
  if (!tree || depth > maxDepth) return
  yield tree
  for (const item of tree.items ?? []) yield* walk(item, depth + 1)
  for (const [, value] of tree.entries ?? []) yield* walk(value, depth + 1)
}
