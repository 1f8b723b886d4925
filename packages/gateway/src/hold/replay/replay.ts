// What the next upstream of a held connection is told again. hold.ts shows a module the conversation and asks it after a
// re-attachment; which module, the configuration says (`hold.replay`). docs/replay.md is the guide to it.
import { GatewayError, type ReplayOptions } from '../../core/index.ts'
import { actionCable } from './action-cable.ts'
import { loadReplayFile } from './file.ts'
import { replayFirst } from './first.ts'
import { graphqlTransportWs } from './graphql.ts'
import { hocuspocus } from './hocuspocus.ts'
import type { ReplayModule } from './module.ts'
import { mqtt } from './mqtt.ts'
import { nats } from './nats.ts'
import { phoenix } from './phoenix.ts'
import { recognising } from './recognised.ts'
import { socketcluster } from './socketcluster.ts'
import { stomp } from './stomp.ts'
import { trpc } from './trpc.ts'
import { yjs } from './yjs.ts'

export { replayLimits } from './bounded-map.ts'

const modules: Record<string, ReplayModule> = {
  'graphql-transport-ws': graphqlTransportWs,
  phoenix,
  'action-cable': actionCable,
  stomp,
  mqtt,
  nats,
  trpc,
  yjs,
  hocuspocus,
  socketcluster,
}

/** The protocols whose modules ship with the gateway, as they are named in `hold.replay`. */
export const replayProtocols: readonly string[] = Object.keys(modules)

/** Modules of users that this process has loaded, by path. */
const loadedFiles = new Map<string, ReplayModule>()

/**
 * The module that a route's `hold.replay` asks for; undefined for `none`. A user's file is loaded once in the life of
 * a process: a changed file counts after the next live upgrade or restart.
 *
 * @throws {GatewayError} The file cannot be loaded or exports no module, or there is no such protocol.
 */
export async function loadReplay(options: ReplayOptions): Promise<ReplayModule | undefined> {
  if (options.by === 'file' && !loadedFiles.has(options.path)) {
    loadedFiles.set(options.path, await loadReplayFile(options.path))
  }
  return loadedReplay(options)
}

/**
 * The same without waiting: a user's file must have been loaded before.
 *
 * @throws {GatewayError} It has not, or there is no such protocol.
 */
export function loadedReplay(options: ReplayOptions): ReplayModule | undefined {
  switch (options.by) {
    case 'none':
      return undefined
    case 'auto':
      return recognised
    case 'first':
      return replayFirst(options.messages)
    case 'protocol':
      return moduleOf(options.name)
    case 'file': {
      const module = loadedFiles.get(options.path)
      if (module) return module
      throw new GatewayError('replay_file', 'gateway', `the replay module ${options.path} is not loaded`)
    }
  }
}

const recognised = recognising(moduleOf)

function moduleOf(name: string): ReplayModule {
  const module = Object.hasOwn(modules, name) ? modules[name] : undefined
  if (module) return module
  const known = replayProtocols.join(', ')
  throw new GatewayError('replay_unknown', 'gateway', `there is no replay '${name}'; known: ${known}`)
}
