import { readFileSync } from 'node:fs'

/** Who is under test; the runner plays everybody else. */
export type ResumeRole = 'gateway' | 'client'

/** One step of a dialogue; protocol/README.md says what each means. */
export interface ResumeStep {
  client?: string
  gateway?: string
  upstream?: string
  application?: string
  network?: 'cut'
  /** Only when this one is under test. */
  only?: ResumeRole
  /** Of which connection, from 1; default: the latest. */
  on?: number
  /** The bytes do not arrive. */
  lost?: boolean
  /** Token and count to come back with. */
  back?: [token: string, received: number]
  data?: string
  received?: number
  id?: number
  code?: number
  reason?: string
  protocol?: string
  token?: string
  /** Of `welcome`; default: the runner's. */
  window?: number
  resumed?: boolean
  /** Of `welcome`: a gateway was lost, and at most so many of the upstream's messages are missing. */
  missing?: number
  over?: { why: string; received?: number }
  event?: string
  /** With `resume` of a gateway that was lost: what the client adds up to. */
  atMost?: { lost: number; doubled: number }
  why?: string
  undelivered?: string[]
}

/** What one session says and hears, step by step. */
export interface ResumeDialogue {
  name: string
  of: ResumeRole[]
  /** Milliseconds that the session is parked for at most. */
  for?: number
  steps: ResumeStep[]
}

/** A message on a connection whose nonce is `nonce`, and what it is. */
export interface ResumeMessage {
  name: string
  text?: string
  hex?: string
  from?: ResumeRole
  /** Payload sizes of the frames it comes in; default: one frame. */
  frames?: number[]
  is: 'data' | 'control' | 'ignored' | 1002
  body?: { type: string; id?: number; received?: number }
}

export interface ResumeVectors {
  nonce: string
  offers: {
    name: string
    resumes?: boolean
    offered: string[]
    upstream: string
    selected: string
    protocol: string | null
    toUpstream: string[]
    over?: string
  }[]
  entries: { entry: string; token: string | null; received?: number; name?: string }[]
  messages: ResumeMessage[]
  welcomes: { name: string; text: string; is: 'welcome' | 1002 }[]
  dialogues: ResumeDialogue[]
}

type Repeated = ResumeStep | { times: number; steps: ResumeStep[] }

const unfolded = (step: Repeated) =>
  'times' in step ? Array.from({ length: step.times }, () => step.steps).flat() : [step]

/** The test vectors of PROTOCOL.md, with repeated steps written out. */
export function resumeVectors(): ResumeVectors {
  const file = new URL('../../protocol/vectors.json', import.meta.url)
  const vectors: ResumeVectors = JSON.parse(readFileSync(file, 'utf8'))
  for (const dialogue of vectors.dialogues) {
    dialogue.steps = (dialogue.steps as Repeated[]).flatMap(unfolded)
  }
  return vectors
}
