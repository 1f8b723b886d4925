// `holdfast demo`: what clients see when things fail, then a restart of everything under traffic.
import { basename, relative } from 'node:path'
import { code } from '@holdfast/close-codes'
import { Failure, type Io } from '../output.ts'
import { wrap } from '../wrap.ts'
import { type Columns, columnsFor, headRow, sceneRow } from './fault-table.ts'
import { gatewayWaits, playFaults } from './faults.ts'
import { Interruption } from './interruption.ts'
import { Processes } from './processes.ts'
import { Screen } from './screen.ts'
import { newStory, playStory, type Remaining, type Story } from './story.ts'
import { liveLines, plainLine, stepLine, summary, wentWell } from './story-view.ts'

export interface DemoFlags {
  connections: number
  seconds: number
  stay?: boolean
}

const lostNote =
  'A lost message was on its way when its connection ended. An application that cannot do without it asks for a ' +
  'confirmation and sends it again.'

/** Milliseconds between two pictures of the live table, and between two plain lines. */
const drawEvery = 250
const lineEvery = 2000

/** Runs the demo; resolves to the signal that ended it early, if one did. Nothing that it started is left then. */
export async function demo(flags: DemoFlags, io: Io): Promise<NodeJS.Signals | undefined> {
  if (process.platform === 'win32')
    throw new Failure(1, 'the demo stops processes with signals, which Windows lacks')
  using interruption = new Interruption()
  const processes = new Processes()
  const show = new Show(new Screen(io), processes)
  try {
    await interruption.until(show.play(flags))
  } catch (error) {
    if (!interruption.signal) throw error
    show.interrupted()
  } finally {
    show.end()
    await processes.end()
  }
  return interruption.signal
}

class Show {
  readonly #screen: Screen
  readonly #processes: Processes
  #story: Story | undefined
  #timer: NodeJS.Timeout | undefined
  #summarised = false

  constructor(screen: Screen, processes: Processes) {
    this.#screen = screen
    this.#processes = processes
  }

  async play(flags: DemoFlags): Promise<void> {
    const startMs = await this.#faults()
    const remaining = await this.#tellStory(flags, startMs)
    const well = wentWell(this.#story!)
    this.#summary('In short')
    if (flags.stay) await this.#stay(remaining)
    if (!well) throw new Failure(1, 'not everyone was told why, or came back; was this machine very busy?')
  }

  /** The summary so far. */
  interrupted(): void {
    this.#screen.show([])
    if (this.#summarised) this.#text('', 'Stopped.')
    else if (this.#story) this.#summary('Stopped. So far')
    else this.#text('', 'Stopped before everything had been shown.')
  }

  end(): void {
    clearInterval(this.#timer)
    this.#screen.end()
  }

  async #faults(): Promise<number> {
    const screen = this.#screen
    this.#heading('What a client sees when something fails')
    screen.show(['starting backends and gateways ...'])
    let columns: Columns
    let hasNginx = false
    const { startMs } = await playFaults(this.#processes, {
      ready: (has) => {
        hasNginx = has
        columns = columnsFor(screen.width, hasNginx, screen.paint)
        screen.print(headRow(columns))
      },
      begin: (title) => screen.show([screen.paint('dim', `${title} ...`)]),
      show: (scene) => {
        screen.show([])
        screen.print(sceneRow(scene, columns))
      },
    })
    this.#text(...faultNotes(hasNginx))
    return startMs
  }

  async #tellStory({ connections, seconds }: DemoFlags, startMs: number): Promise<Remaining> {
    const screen = this.#screen
    this.#heading('A restart of everything')
    this.#text(
      `${connections} clients with @holdfast/client send messages through the gateway to three backends with ` +
        '@holdfast/restart, and get them back. Each backend is restarted in turn, then the gateway.',
    )
    if (!screen.live) screen.print('\n')
    screen.show(['', `${connections} clients connect ...`])
    const story = newStory(connections)
    this.#story = story
    const draw = () => screen.show(['', ...liveLines(story, performance.now(), screen.paint)])
    const say = () => screen.print(plainLine(story, performance.now()))
    const remaining = await playStory(this.#processes, { seconds, startMs }, story, {
      begun: () => {
        this.#timer = setInterval(screen.live ? draw : say, screen.live ? drawEvery : lineEvery)
      },
      moved: (step) => (screen.live ? draw() : screen.print(stepLine(step, story, performance.now()))),
    })
    clearInterval(this.#timer)
    screen.show([])
    return remaining
  }

  async #stay({ gateway, backends }: Remaining): Promise<void> {
    this.#heading('Still running, until Ctrl-C')
    const lines = [
      `gateway   ws://127.0.0.1:${gateway.port}  (pid ${gateway.pid}; echoes what you send)`,
      ...backends.map(({ port, pid }, i) => `backend ${i + 1} ws://127.0.0.1:${port}  (pid ${pid})`),
      '',
      `${command()} status --admin ${gateway.admin}`,
      `${command()} drain --admin ${gateway.admin}`,
    ]
    this.#screen.print(lines.map((line) => `${line && '  '}${line}\n`).join(''))
    await gateway.exited
    this.#text('', 'The gateway has ended.')
  }

  #summary(title: string): void {
    this.#summarised = true
    this.#heading(title)
    this.#screen.print(summary(this.#story!, this.#screen.paint))
    if (this.#story!.tally.lost > 0) this.#text('', lostNote)
  }

  #heading(text: string): void {
    this.#screen.print(`\n${this.#screen.paint('bold', text)}\n\n`)
  }

  #text(...paragraphs: string[]): void {
    const width = Math.min(this.#screen.width, 100)
    const lines = paragraphs.flatMap((text) => wrap(text, width))
    this.#screen.print(lines.map((line) => `${line}\n`).join(''))
  }
}

/** How this program was called, to be copied: `holdfast`, or `node` with a path. */
function command(): string {
  const path = process.argv[1] ?? ''
  return basename(path) === 'holdfast' ? 'holdfast' : `node ${relative('', path)}`
}

function faultNotes(hasNginx: boolean): string[] {
  const waits = `${gatewayWaits / 1000} s`
  return [
    '',
    `${code.abnormalClosure} is what a page sees when nobody told it anything; the HTTP status beside it, it cannot see.`,
    hasNginx
      ? `Holdfast is set to wait ${waits} for a backend's answer; nginx waits 60 s unless told otherwise, then answers HTTP 504.`
      : `Holdfast is set to wait ${waits} for a backend's answer.`,
    ...(hasNginx ? [] : ['nginx is not installed, so its column is left out.']),
  ]
}
