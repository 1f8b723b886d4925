// What ACME has to remember: the key of the account, certificates with their keys, and how often each name has failed.
// What is written is on the disk, and was read again, before anybody relies on it.
import { createHash, createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock, TlsOptions, UnixMs } from '../core/index.ts'
import { certificateNames } from '../listen/index.ts'
import { AcmeError } from './acme-error.ts'
import type { NameState } from './plan.ts'
import { keyPem, newKey } from './requests.ts'

/** A certificate that can be shown. */
export interface Kept {
  tls: TlsOptions
  certificate: X509Certificate
}

/** What is remembered of failures, by name. */
export type Attempts = Record<string, Pick<NameState, 'failures' | 'notBefore' | 'last'>>

/** Milliseconds for which one process may order; it says so again before. */
const leaseMs = 60_000

export class AcmeStore {
  /** One for each authority: accounts and certificates of a test are not those of the real one. */
  readonly #folder: string
  readonly #root: string
  readonly #holder: string

  /** `holder`: an id of this process. */
  constructor(stateDirectory: string, directoryUrl: string, holder: string) {
    this.#root = join(stateDirectory, 'acme')
    const { host } = new URL(directoryUrl)
    const hash = createHash('sha256').update(directoryUrl).digest('hex').slice(0, 8)
    this.#folder = join(this.#root, `${host.replace(/[^\w.-]/g, '_')}-${hash}`)
    this.#holder = holder
  }

  /** Makes the folders. `survived`: they were there. Rejects when they cannot be written to. */
  async open(): Promise<{ survived: boolean }> {
    return kept('make the folder', async () => {
      const survived = await stat(this.#root).then(
        () => true,
        () => false,
      )
      await mkdir(join(this.#folder, 'certificates'), { recursive: true, mode: 0o700 })
      return { survived }
    })
  }

  /** The key of the account, made when there is none, and the URL of the account if it is known. */
  async account(): Promise<{ key: KeyObject; url?: string }> {
    const path = join(this.#folder, 'account.json')
    return kept('read the account', async () => {
      const found = await readAccount(path)
      if (found) return found
      const key = newKey().privateKey
      await writeDurably(path, JSON.stringify({ key: keyPem(key) }))
      return { key }
    })
  }

  async saveAccount(key: KeyObject, url: string): Promise<void> {
    const text = JSON.stringify({ key: keyPem(key), url })
    await kept('keep the account', () => writeDurably(join(this.#folder, 'account.json'), text))
  }

  /** Undefined when there is none that fits, and can be read. */
  async certificate(name: string): Promise<Kept | undefined> {
    try {
      return read(await readFile(this.#certificatePath(name), 'utf8'), name)
    } catch {
      return undefined
    }
  }

  /** Resolves to what the file now says: that is what may be shown. */
  async saveCertificate(name: string, chain: string, key: KeyObject): Promise<Kept> {
    const text = `${keyPem(key)}${chain.trim()}\n`
    // Before the one of now is overwritten.
    if (!fits(text, name))
      throw new AcmeError('storage', `what the authority gave is no certificate for ${name}`)
    return kept('keep the certificate', async () => {
      const path = this.#certificatePath(name)
      await writeDurably(path, text)
      return read(await readFile(path, 'utf8'), name)
    })
  }

  async attempts(): Promise<Attempts> {
    const found = (await readJson(join(this.#folder, 'attempts.json')).catch(() => undefined)) ?? {}
    const sound = Object.entries(found).filter(([, one]) => {
      const { failures, notBefore } = (one ?? {}) as Record<string, unknown>
      return Number.isSafeInteger(failures) && Number.isFinite(notBefore)
    })
    return Object.fromEntries(sound) as Attempts
  }

  async saveAttempts(attempts: Attempts): Promise<void> {
    const text = JSON.stringify(attempts, undefined, 1)
    await kept('keep the count of orders', () => writeDurably(join(this.#folder, 'attempts.json'), text))
  }

  /**
   * Takes the right to order, for a minute: of several processes with this folder one does. Resolves to until when
   * another has it. The right of one that crashed ends by itself.
   */
  async lease(now: UnixMs): Promise<UnixMs | undefined> {
    const path = join(this.#folder, 'lease.json')
    return kept('take the lease', async () => {
      const { holder, until } = (await readJson(path).catch(() => undefined)) ?? {}
      // A clock that was set back must not make it last.
      const lasts = typeof until === 'number' && until > now && until <= now + leaseMs
      if (lasts && holder !== this.#holder) return until
      await writeDurably(path, JSON.stringify({ holder: this.#holder, until: now + leaseMs }))
      return undefined
    })
  }

  /** Takes it again and again, until the result is called. */
  keepLease(clock: Clock): () => void {
    let timer: unknown
    const again = () => {
      timer = clock.setTimeout(() => {
        void this.lease(clock.wall()).catch(() => {})
        again()
      }, leaseMs / 3)
    }
    again()
    return () => clock.clearTimeout(timer)
  }

  async release(): Promise<void> {
    const path = join(this.#folder, 'lease.json')
    const { holder } = (await readJson(path).catch(() => undefined)) ?? {}
    if (holder === this.#holder) await rm(path, { force: true }).catch(() => {})
  }

  #certificatePath(name: string): string {
    return join(this.#folder, 'certificates', `${name}.pem`)
  }
}

function fits(text: string, name: string): boolean {
  try {
    read(text, name)
    return true
  } catch {
    return false
  }
}

/** A file with a key and, behind it, a chain. Throws when they do not go together, or are for another name. */
function read(text: string, name: string): Kept {
  const start = text.indexOf('-----BEGIN CERTIFICATE-----')
  if (start < 0) throw new Error('holds no certificate')
  const [key, cert] = [text.slice(0, start), text.slice(start)]
  // A file that is cut off must not be shown without the rest of its chain.
  const chain = cert.split(/(?=-----BEGIN CERTIFICATE-----)/).map((block) => new X509Certificate(block))
  const certificate = chain[0]!
  if (!certificate.checkPrivateKey(createPrivateKey(key)))
    throw new Error('holds the key of another certificate')
  if (!certificateNames(certificate).includes(name)) throw new Error('is for another name')
  return { tls: { cert, key }, certificate }
}

/** Undefined when there is none that can be read: an authority gives another to whoever asks. */
async function readAccount(path: string): Promise<{ key: KeyObject; url?: string } | undefined> {
  try {
    const { key, url } = (await readJson(path)) ?? {}
    if (typeof key !== 'string') return undefined
    return { key: createPrivateKey(key), ...(typeof url === 'string' && { url }) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall) throw error
    return undefined
  }
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

/** All of it or nothing, also when the power fails: another file, synchronised, takes the place of this one. */
async function writeDurably(path: string, text: string): Promise<void> {
  // One of its own: the lease is said again while something else may be written.
  const draft = `${path}.${randomUUID()}.new`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    // It may hold a key, and a full disk has no room for it.
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  if ((await readFile(path, 'utf8')) !== text) throw new Error('what was written reads differently')
}

async function kept<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof AcmeError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new AcmeError('storage', `cannot ${what}: ${code ?? message}`)
  }
}
