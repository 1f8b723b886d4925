// Fills in what listeners and upstreams only name: the content of their TLS files, and passphrases.
import type { ListenOptions, TlsOptions, UnixMs, UpstreamTlsOptions } from '../core/index.ts'
import { type Path, Wrong } from './errors.ts'
import type { ListenEntry } from './schema.ts'
import type { UpstreamTlsEntry } from './schema-changes.ts'
import { type CertificateEntry, hasFront, isAuto } from './schema-tls.ts'
import { authorityFaults, type CertificateUse, readTls, type TlsFault } from './tls.ts'

/** What {@link TlsFiles} needs from outside. */
export interface TlsFileSources {
  /** The content of a file; undefined when it cannot be read, which is then reported. */
  read(name: string, at: Path): Promise<Buffer | undefined>
  env: Readonly<Record<string, string | undefined>>
  now: UnixMs
  report(level: TlsFault['level'], at: Path, wrong: Wrong): void
}

export class TlsFiles {
  readonly #sources: TlsFileSources

  constructor(sources: TlsFileSources) {
    this.#sources = sources
  }

  /** A listener with its files read. What cannot be used is reported, and left out. */
  async listener({ tls, clientCertificates, ...rest }: ListenEntry, at: Path): Promise<ListenOptions> {
    const asked = clientCertificates && {
      ...clientCertificates,
      ca: await this.#authorities(clientCertificates.ca, [...at, 'clientCertificates']),
    }
    const auto = isAuto(tls)
    const certificates = isAuto(tls) ? [] : await this.#certificates(tls, [...at, 'tls'])
    return {
      ...rest,
      ...(certificates && { tls: certificates }),
      ...(auto && { auto }),
      ...(hasFront(tls) && { front: true }),
      ...(asked?.ca !== undefined && { clientCertificates: { ...asked, ca: asked.ca } }),
    }
  }

  /** The authorities for the directory of an authority. */
  async authorities(name: string, at: Path): Promise<string | undefined> {
    return this.#authorities(name, at)
  }

  async upstream({ passphrase, ...entry }: UpstreamTlsEntry, at: Path): Promise<UpstreamTlsOptions> {
    const { ca, cert, key, pkcs12, ...rest } = entry
    const authorities = ca === undefined ? undefined : await this.#authorities(ca, at)
    const given = cert !== undefined || pkcs12 !== undefined
    const own = given ? await this.#certificate({ cert, key, pkcs12, passphrase }, at, 'client') : undefined
    return { ...rest, ca: authorities, ...(own?.pkcs12 ? { pkcs12: own.pkcs12 } : own) }
  }

  async #certificates(
    tls: Exclude<ListenEntry['tls'], 'auto'>,
    at: Path,
  ): Promise<TlsOptions | TlsOptions[] | undefined> {
    if (!Array.isArray(tls)) return tls && this.#certificate(tls, at, 'server')
    const found: TlsOptions[] = []
    for (const [index, entry] of tls.entries()) {
      const certificate = await this.#certificate(entry, [...at, index], 'server')
      if (certificate) found.push(certificate)
    }
    return found.length > 0 ? found : undefined
  }

  async #certificate(
    entry: CertificateEntry,
    at: Path,
    use: CertificateUse,
  ): Promise<TlsOptions | undefined> {
    const { read, now } = this.#sources
    const passphrase = this.#passphrase(entry.passphrase, [...at, 'passphrase'])
    if (passphrase === missing) return undefined
    if (entry.pkcs12 !== undefined) {
      const pkcs12 = await read(entry.pkcs12, [...at, 'pkcs12'])
      return pkcs12 && this.#reported(readTls({ pkcs12, passphrase }, now, use), at)
    }
    const cert = await read(entry.cert ?? '', [...at, 'cert'])
    const key = await read(entry.key ?? '', [...at, 'key'])
    if (!cert || !key) return undefined
    const files = { cert: cert.toString(), key: key.toString(), passphrase }
    return this.#reported(readTls(files, now, use), at)
  }

  #reported({ tls, faults }: ReturnType<typeof readTls>, at: Path): TlsOptions | undefined {
    for (const { key, level, wrong } of faults) this.#sources.report(level, [...at, key], wrong)
    return tls
  }

  async #authorities(name: string, at: Path): Promise<string | undefined> {
    const ca = (await this.#sources.read(name, [...at, 'ca']))?.toString()
    if (ca === undefined) return undefined
    for (const { key, level, wrong } of authorityFaults(ca)) this.#sources.report(level, [...at, key], wrong)
    return ca
  }

  #passphrase(variable: string | undefined, at: Path): string | undefined | typeof missing {
    if (variable === undefined) return undefined
    const name = variable.replace(/[${}]/g, '')
    const value = this.#sources.env[name]
    if (value !== undefined && value !== '') return value
    const wrong = new Wrong(
      `names the variable ${name}, which is not set`,
      'set it where holdfast is started',
    )
    this.#sources.report('error', at, wrong)
    return missing
  }
}

const missing = Symbol('missing')
