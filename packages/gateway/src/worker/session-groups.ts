// The ids of a worker's sessions: those of a group lie together in the store, as one record of a few hundred.
import { randomBytes } from 'node:crypto'
import type { MonotonicMs } from '../core/index.ts'

/** Sessions of one group that there are at the same time. */
export const mostOfGroup = 256
/** Characters of an id that name its group. */
const groupLength = 12
/** Of all that ever were in one. */
const mostSerials = 64 ** 4
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

interface Group {
  name: string
  forMs: number
  serials: number
  ids: Set<string>
  heardAt?: MonotonicMs
}

export class SessionGroups {
  readonly #groups = new Map<string, Group>()
  /** Groups that have room, by how long their sessions are kept. */
  readonly #open = new Map<number, Group>()

  /** The id of a session that is kept for so many milliseconds. */
  next(forMs: number): string {
    let group = this.#open.get(forMs)
    if (!group || group.ids.size >= mostOfGroup || group.serials >= mostSerials) {
      group = this.#withRoom(forMs) ?? this.#begin(forMs)
      this.#open.set(forMs, group)
    }
    const id = group.name + written(group.serials++)
    group.ids.add(id)
    return id
  }

  /** A session of another worker's, or another node's, is here now. */
  adopt(id: string, forMs: number): void {
    const name = id.slice(0, groupLength)
    const group = this.#groups.get(name) ?? { name, forMs, serials: mostSerials, ids: new Set() }
    this.#groups.set(name, group)
    group.ids.add(id)
  }

  /** It is over. */
  release(id: string): void {
    const group = this.#groups.get(id.slice(0, groupLength))
    if (!group?.ids.delete(id) || group.ids.size > 0) return
    this.#groups.delete(group.name)
    if (this.#open.get(group.forMs) === group) this.#open.delete(group.forMs)
  }

  /** One session of each group that was not asked for so long. */
  *unheard(now: MonotonicMs, everyMs: number): Iterable<string> {
    for (const group of this.#groups.values()) {
      // It is announced as it begins.
      group.heardAt ??= now
      if (now - group.heardAt < everyMs) continue
      group.heardAt = now
      for (const id of group.ids) {
        yield id
        break
      }
    }
  }

  #withRoom(forMs: number): Group | undefined {
    for (const group of this.#groups.values())
      if (group.forMs === forMs && 2 * group.ids.size < mostOfGroup && group.serials < mostSerials)
        return group
    return undefined
  }

  #begin(forMs: number): Group {
    const name = randomBytes(9).toString('base64url')
    const group: Group = { name, forMs, serials: 0, ids: new Set() }
    this.#groups.set(name, group)
    return group
  }
}

/** Four characters of Base64url. */
function written(serial: number): string {
  return [18, 12, 6, 0].map((shift) => digits[(serial >>> shift) & 63]).join('')
}
