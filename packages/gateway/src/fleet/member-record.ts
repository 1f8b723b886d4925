// How a node is written in the store. Readers take the version before theirs, too.
import { z } from 'zod'
import type { FleetMember } from '../core/index.ts'

/** Of what is written; 0 had no such number. Readers accept this one and the one before. */
export const recordVersion = 1

export type MemberRecord = Omit<FleetMember, 'id' | 'self'>

const member = z.object({
  host: z.string().max(255),
  listen: z.string().max(300).optional(),
  version: z.string().max(100),
  phase: z.enum(['starting', 'serving', 'draining']),
  generation: z.int().min(0),
  connections: z.int().min(0),
  moves: z
    .object({
      takenOver: z.int().min(0),
      received: z.int().min(0),
      given: z.int().min(0),
      notGiven: z.int().min(0),
    })
    .optional(),
})

const versioned = z.object({
  v: z
    .int()
    .min(recordVersion - 1)
    .max(recordVersion),
})

export function writeMember(record: MemberRecord): string {
  return JSON.stringify({ v: recordVersion, ...record })
}

/** Undefined: of a version that this code does not know, or no record at all. */
export function readMember(text: string): MemberRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!versioned.safeParse(value).success) return undefined
    return member.safeParse(value).data
  } catch {
    return undefined
  }
}

/** Of records in pairs of id and text; those that cannot be read are left out. `own`: id of this node. */
export function readMembers(records: readonly string[], own: string): FleetMember[] {
  const found: FleetMember[] = []
  for (let index = 0; index + 1 < records.length; index += 2) {
    const id = records[index]!
    const record = readMember(records[index + 1]!)
    if (record) found.push({ id, ...record, self: id === own })
  }
  return found.sort((a, b) => (`${a.host} ${a.id}` < `${b.host} ${b.id}` ? -1 : 1))
}
