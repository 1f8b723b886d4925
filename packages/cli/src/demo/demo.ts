// `holdfast demo`: what clients see when things fail, then restarts under traffic, without and with `hold`.
import { basename, relative } from 'node:path'
import { code } from '@holdfast/close-codes'
import type { UpgradeInfo } from '@holdfast/gateway'
import { type Ask, askGateway } from '../admin-client.ts'
import { Failure, type Io } from '../output.ts'
import { upgradeShape } from '../remote-answer.ts'
import { hasSite, noSite } from '../site-server.ts'
import { wrap } from '../wrap.ts'
import { ControlServer } from './control-server.ts'
import { type Columns, columnsFor, headRow, sceneRow } from './fault-table.ts'
import { gatewayWaits, playFaults } from './faults.ts'
import { Interruption } from './interruption.ts'
import { planFor } from './plan.ts'
import { Playground } from './playground.ts'
import { Processes } from './processes.ts'
import { Screen } from './screen.ts'
import { holdPath, Stage } from './stage.ts'
import { nginxShutdown } from './start.ts'
import { newStory, playStory, type Story } from './story.ts'
import { liveLines, plainLine, stepLine, summary, wentWell } from './story-view.ts'

export interface DemoFlags {
  connections: number
  seconds: number
  stay?: boolean
  onlyStay?: boolean
}

const lostNote =
  'A lost message was on its way when its connection ended. An application that cannot do without it asks for a ' +
  'confirmation and sends it again; with hold, and @holdfast/restart in the backends, no connection ends.'
const pauseNote =
  'The longest pause is the time from a message to its echo. Without hold it has the delay that a client is told to wait, ' +
  'so that not all return at once.'
const nextNote =
  'Next: `holdfast init --upstream ws://localhost:3000` writes a configuration for a server of yours, `holdfast serve` ' +
  'starts the gateway, `holdfast check --hold URL` says what hold needs for your application.'

/** Milliseconds between two pictures of the live table, and between two plain lines. */
const drawEveryMs = 250
const lineEveryMs = 2000

/** Milliseconds that a live upgrade may take: its own limit is the deadline of a drain. */
const upgradeTimeoutMs = 30_000

/** Runs the demo; resolves to the signal that ended it early, if one did. Nothing that it started is left then. */
export async function demo(flags: DemoFlags, io: Io): Promise<NodeJS.Signals | undefined> {
  if (process.platform === 'win32')
    throw new Failure(1, 'the demo stops processes with signals, which Windows lacks')
  using interruption = new Interruption()
  const processes = new Processes()
  const show = new Show(new Screen(io), processes, (admin) => askGateway(io, { admin }))
  try {
    await interruption.until(show.play(flags))
  } catch (error) {
    if (!interruption.signal) throw error
    show.interrupted()
  } finally {
    await show.end()
    await processes.end()
  }
  return interruption.signal
}

class Show {
  readonly #screen: Screen
  readonly #processes: Processes
  readonly #askAt: (admin: string) => Ask
  readonly #stories: Story[] = []
  #timer: NodeJS.Timeout | undefined
  #summarised = false
  #playground: Playground | undefined
  #control: ControlServer | undefined
  #ended = false

  constructor(screen: Screen, processes: Processes, askAt: (admin: string) => Ask) {
    this.#screen = screen
    this.#processes = processes
    this.#askAt = askAt
  }

  async play({ connections, seconds, stay, onlyStay }: DemoFlags): Promise<void> {
    if (onlyStay) return this.#stay()
    const startMs = await this.#faults()
    this.#heading('A restart of everything')
    const stage = await Stage.set(this.#processes, planFor(seconds, startMs), (admin) =>
      this.#askAt(admin)<UpgradeInfo>('POST', '/api/upgrade', {
        timeoutMs: upgradeTimeoutMs,
        shape: upgradeShape,
      }),
    )
    await this.#tell(newStory('return', connections), stage, seconds)
    this.#heading('The same backends with hold on, and a live upgrade of the gateway')
    await this.#tell(newStory('hold', connections), stage, 0)
    this.#heading('The network between clients and gateway breaks')
    await this.#tell(newStory('network', connections), stage, 0)
    this.#summary('In short')
    this.#text('', nextNote)
    if (stay) await this.#stay(stage)
    if (!this.#stories.every(wentWell)) {
      throw new Failure(1, 'this did not go as it should; was this machine very busy?')
    }
  }

  /** The summary so far. */
  interrupted(): void {
    this.#screen.show([])
    if (this.#summarised) this.#text('', 'Stopped.')
    else if (this.#stories.length > 0) this.#summary('Stopped. So far')
    else this.#text('', 'Stopped before everything had been shown.')
  }

  async end(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    this.#screen.end()
    this.#playground?.[Symbol.dispose]()
    await this.#control?.[Symbol.asyncDispose]()
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

  async #tell(story: Story, stage: Stage, seconds: number): Promise<void> {
    const screen = this.#screen
    const clients = story.tally.clients
    this.#text(introductions[story.kind](clients))
    if (!screen.live) screen.print('\n')
    screen.show(['', `${clients} clients connect ...`])
    this.#stories.push(story)
    const draw = () => screen.show(['', ...liveLines(story, performance.now(), screen.paint)])
    const say = () => screen.print(plainLine(story, performance.now()))
    await playStory(story, stage, seconds, {
      begun: () => {
        this.#timer = setInterval(screen.live ? draw : say, screen.live ? drawEveryMs : lineEveryMs)
      },
      moved: (step) => (screen.live ? draw() : screen.print(stepLine(step, story, performance.now()))),
    })
    clearInterval(this.#timer)
    screen.show([])
  }

  /** Keeps what there is running, and something to try: without a stage, that alone. */
  async #stay(stage?: Stage): Promise<void> {
    const playground = await Playground.set(this.#processes, this.#askAt)
    this.#playground = playground
    // Nothing is left to be shown when it ends.
    this.#summarised = true
    this.#heading(stage ? 'Still running, until Ctrl-C' : 'Running, until Ctrl-C')
    this.#screen.print(stayLines(stage ?? playground))
    await this.#offerToTry(playground)
    await (stage ?? playground).gateway.exited
    this.#text('', 'The gateway has ended.')
  }

  async #offerToTry(playground: Playground): Promise<void> {
    if (!(await hasSite())) return this.#text('', `No page to try it with: ${noSite}.`)
    const control = await ControlServer.listen(playground)
    // It may have been interrupted in between.
    if (this.#ended) return control[Symbol.asyncDispose]()
    this.#control = control
    this.#screen.print(`\n  try it at ${control.url}\n`)
  }

  #summary(title: string): void {
    this.#summarised = true
    this.#heading(title)
    this.#screen.print(summary(this.#stories, this.#screen.paint))
    this.#text('', pauseNote, ...(this.#stories.some(({ tally }) => tally.lost > 0) ? [lostNote] : []))
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

const introductions: Record<Story['kind'], (clients: number) => string> = {
  return: (clients) =>
    `${clients} clients with @holdfast/client send messages through the gateway to three backends with ` +
    '@holdfast/restart, and get them back. Each backend is restarted in turn, then the gateway.',
  hold: (clients) =>
    `${clients} ordinary clients, which would not come back, do the same on a route with hold, half of them over TLS. Each backend is ` +
    'restarted in turn; in the middle the gateway is replaced by its next version.',
  network: (clients) =>
    `${clients} clients with @holdfast/client/resume, on a route with resume. The plug is pulled twice, for half a second: all of ` +
    'their connections are cut in the middle of whatever they are saying.',
}

function stayLines({ gateway, backends }: Pick<Stage, 'gateway' | 'backends'>): string {
  const lines = [
    `gateway   ws://127.0.0.1:${gateway.port}  (pid ${gateway.pid}; echoes what you send)`,
    `with hold ws://127.0.0.1:${gateway.port}${holdPath}`,
    ...backends.map(({ port, pid }, i) => `backend ${i + 1} ws://127.0.0.1:${port}  (pid ${pid})`),
    '',
    `${command()} status --admin ${gateway.admin}`,
    `${command()} upgrade --admin ${gateway.admin}`,
    `${command()} drain --admin ${gateway.admin}`,
  ]
  return lines.map((line) => `${line && '  '}${line}\n`).join('')
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
    hasNginx
      ? `nginx was told to stop with worker_shutdown_timeout ${nginxShutdown}s, as long as Holdfast was given; without it an old worker stays until its last client has left.`
      : 'nginx is not installed, so its column is left out.',
  ]
}
