// What a configuration only names: files and variables are read, and what is wrong with them is found.

import { dirname, resolve } from 'node:path'
import type {
  AccessLogOptions,
  AcmeOptions,
  AdminOptions,
  FleetOptions,
  ListenOptions,
  RouteOptions,
  UnixMs,
  UpstreamOptions,
} from '../core/index.ts'
import { type Finding, type Path, Wrong } from './errors.ts'
import { fileWrong } from './file-faults.ts'
import type { IncludeSources } from './include.ts'
import type { Config, ListenEntry } from './schema.ts'
import { acmeFaults, acmeNames, type stateDirectoryFault } from './schema-acme.ts'
import { changedValues, fieldValueFault, type UpstreamTlsEntry } from './schema-changes.ts'
import { type FleetEntry, filledStore, readStore } from './schema-fleet.ts'
import { TlsFiles } from './tls-files.ts'
import { bearerToken } from './units.ts'
import { type Environment, fillIn, notSet } from './variables.ts'

/** What {@link parseConfig} needs from outside. */
export interface ConfigSources extends IncludeSources {
  /** The name of the configuration file: shown in problems; files that it names are found relative to its folder. */
  file: string
  /** Where `$NAME` is looked up. */
  env: Environment
  /** Reads a file, as text where it is one. A rejection is a problem of the configuration. */
  readFile(path: string): Promise<string | Buffer>
  /** Tries a replay module, by its absolute path. A rejection says what is wrong with it. Default: not tried. */
  checkReplay?: (path: string) => Promise<void>
  /** What is wrong with the file of an access log, by its absolute path. Default: nothing is looked at. */
  checkAccessFile?: (path: string) => Promise<Wrong | undefined>
  /** What is wrong with a state directory, by its absolute path. Default: nothing is looked at. */
  checkStateDirectory?: typeof stateDirectoryFault
  /** Milliseconds since 1970, for the dates of certificates. Default: `Date.now`. */
  now?: () => UnixMs
}

export function asFinding(path: Path, { message, fix }: Wrong): Finding {
  return { path, part: 'value', predicate: message, whole: false, ...(fix && { fix }) }
}

/** Characters that the secret of a fleet has at least. */
const leastSecret = 16

/** Of a variable. */
function nameOf(variable: string): string {
  return variable.replace(/[${}]/g, '')
}

function unset(names: string[]): Wrong {
  const what = names.join(' and ')
  return new Wrong(`names the variable ${what}, which is not set`, 'set it where holdfast is started')
}

/** Fills in what a configuration only names: the text of TLS files and the value of a variable. */
export class Outside {
  readonly findings: Finding[] = []
  readonly hints: Finding[] = []
  readonly #sources: ConfigSources
  /** The configuration file in which a part of the configuration stands. */
  readonly #fileOf: (path: Path) => string
  readonly #replays = new Map<string, Promise<void>>()
  readonly #tls: TlsFiles

  constructor(sources: ConfigSources, fileOf: (path: Path) => string) {
    this.#sources = sources
    this.#fileOf = fileOf
    this.#tls = new TlsFiles({
      read: (name, at) => this.#file(name, at),
      env: sources.env,
      now: (sources.now ?? Date.now)(),
      report: (level, at, wrong) =>
        (level === 'error' ? this.findings : this.hints).push(asFinding(at, wrong)),
    })
  }

  /** An entry that is not valid is left out. */
  async listeners(listen: (ListenEntry | undefined)[]): Promise<ListenOptions[]> {
    const filled: ListenOptions[] = []
    for (const [index, listener] of listen.entries()) {
      if (listener) filled.push(await this.#tls.listener(listener, ['listen', index]))
    }
    return filled
  }

  /** With the variables and files that it names. Undefined: one of them cannot be used, which is then reported. */
  async fleet({ store: written, secret, tls, ...rest }: FleetEntry): Promise<FleetOptions | undefined> {
    const { url, missing } = filledStore(written, this.#sources.env)
    const store = missing.length > 0 ? unset(missing) : readStore(url)
    if (store instanceof Wrong) this.findings.push(asFinding(['fleet', 'store'], store))
    const secrets = secret.map((variable) => this.#sources.env[nameOf(variable)] ?? '')
    for (const [index, value] of secrets.entries()) {
      if (value.length >= leastSecret) continue
      const name = nameOf(secret[index]!)
      const short = new Wrong(
        `names ${name}, which is shorter than ${leastSecret} characters`,
        'openssl rand -base64 32',
      )
      this.findings.push(asFinding(['fleet', 'secret'], value === '' ? unset([name]) : short))
    }
    const read = tls && (await this.#tls.upstream({ ...tls, verify: true }, ['fleet', 'tls']))
    if (store instanceof Wrong) return undefined
    const { ca, cert, key } = read ?? {}
    const secure = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
    return { ...rest, store, secrets, ...(tls && { tls: secure }) }
  }

  /** What is obtained by itself, where it goes together with the rest. */
  async acme(config: Config): Promise<AcmeOptions | undefined> {
    const { acme: given, routes } = config
    const { stateDirectory } = config
    const folder = stateDirectory
      ? this.#resolve(stateDirectory, ['stateDirectory'])
      : this.#sources.env.STATE_DIRECTORY?.split(':')[0] || undefined
    const faults = acmeFaults(config, folder)
    for (const { path, wrong } of faults) this.findings.push(asFinding(path, wrong))
    if (!given) return undefined
    const ca = given.ca === undefined ? undefined : await this.#tls.authorities(given.ca, ['acme'])
    const { ca: _, externalAccount: account, names: __, ...rest } = given
    const externalAccount = account && this.#externalAccount(account)
    if (!folder) return undefined
    const fault = await this.#sources.checkStateDirectory?.(folder)
    if (fault) {
      const found = fault.level === 'error' ? this.findings : this.hints
      found.push(asFinding([stateDirectory === undefined ? 'acme' : 'stateDirectory'], fault.wrong))
    }
    return {
      ...rest,
      names: acmeNames(given, routes),
      stateDirectory: folder,
      ...(ca !== undefined && { ca }),
      ...(externalAccount && { externalAccount }),
    }
  }

  #externalAccount({ keyId, hmacKey }: { keyId: string; hmacKey: string }) {
    const name = hmacKey.slice(1)
    const value = this.#sources.env[name] ?? ''
    if (/^[\w-]+=*$/.test(value)) return { keyId, hmacKey: value }
    const wrong =
      value === ''
        ? new Wrong(`names the variable ${name}, which is not set`, 'set it where holdfast is started')
        : new Wrong(`names ${name}, which holds no key in Base64url`, 'copy it as the authority shows it')
    this.findings.push(asFinding(['acme', 'externalAccount', 'hmacKey'], wrong))
    return undefined
  }

  /** With the path of its file made absolute. */
  async accessLog(log: Config['log']): Promise<AccessLogOptions | undefined> {
    if (!log || log.access === 'off') return undefined
    if (log.access === 'stdout') return { ...log, access: log.access }
    const file = this.#resolve(log.access.file, ['log', 'access'])
    const wrong = await this.#sources.checkAccessFile?.(file)
    if (wrong) this.findings.push(asFinding(['log', 'access'], wrong))
    return { ...log, access: { file } }
  }

  /**
   * The routes with the paths of their replay modules made absolute, each of which is tried, with the TLS files of their
   * upstreams and the variables that their fields name.
   */
  async routes(routes: RouteOptions[]): Promise<RouteOptions[]> {
    const found: RouteOptions[] = []
    // One after the other: each replay module is a process.
    for (const [index, route] of routes.entries()) {
      const at = ['routes', index]
      for (const { path, pair } of changedValues(route.headers)) {
        pair[1] = this.#expanded(pair[1], [...at, ...path])
      }
      const upstreams: UpstreamOptions[] = []
      for (const [number, upstream] of route.upstreams.entries()) {
        // The schema has left the paths of the files where their content goes.
        const written = upstream.secure as UpstreamTlsEntry | undefined
        const secure = written && (await this.#tls.upstream(written, [...at, 'upstreams', number, 'tls']))
        upstreams.push({ ...upstream, ...(secure && { secure }) })
      }
      found.push(await this.#withReplay({ ...route, upstreams }, at))
    }
    return found
  }

  async #withReplay(route: RouteOptions, at: Path): Promise<RouteOptions> {
    const { hold } = route
    if (hold?.replay.by !== 'file') return route
    const place = [...at, 'hold', 'replay', 'file']
    const text = await this.#file(hold.replay.path, place)
    const path = this.#resolve(hold.replay.path, place)
    if (text !== undefined) await this.#replay(path, place)
    return { ...route, hold: { ...hold, replay: { by: 'file', path } } }
  }

  #expanded(text: string, at: Path): string {
    const filled = fillIn(text, this.#sources.env)
    const { missing = [] } = filled instanceof Wrong ? {} : filled
    const wrong =
      filled instanceof Wrong ? filled : missing.length > 0 ? notSet(missing) : fieldValueFault(filled.text)
    // What a variable holds may be a secret, so no message shows it.
    if (wrong) this.findings.push(asFinding(at, wrong))
    return filled instanceof Wrong ? text : filled.text
  }

  /** A path is relative to the file that it stands in. */
  #resolve(name: string, at: Path): string {
    return resolve(dirname(this.#fileOf(at)), name)
  }

  async #file(name: string, path: Path): Promise<Buffer | undefined> {
    const content = await this.#sources.readFile(this.#resolve(name, path)).catch(fileWrong)
    if (!(content instanceof Wrong)) return Buffer.from(content)
    this.findings.push(asFinding(path, new Wrong(`names a file that ${content.message}`, content.fix)))
    return undefined
  }

  /** Several routes may have one module; it is tried once. */
  async #replay(path: string, at: Path): Promise<void> {
    const known = this.#replays.get(path)
    const checked = known ?? this.#sources.checkReplay?.(path)
    if (!checked) return
    this.#replays.set(path, checked)
    try {
      await checked
    } catch (error) {
      this.findings.push(asFinding(at, new Wrong(`cannot be used: ${(error as Error).message}`)))
    }
  }

  admin(admin: AdminOptions | false): AdminOptions | false {
    if (admin === false || !admin.token?.startsWith('$')) return admin
    const name = admin.token.replace(/[${}]/g, '')
    const token = this.#sources.env[name]
    if (token && bearerToken.test(token)) return { ...admin, token }
    const wrong = token
      ? new Wrong(
          `names ${name}, which an Authorization header cannot carry`,
          'use letters, digits and - . _ ~ + / only',
        )
      : new Wrong(`names the variable ${name}, which is not set`, 'set it where holdfast is started')
    this.findings.push(asFinding(['admin', 'token'], wrong))
    return admin
  }
}
