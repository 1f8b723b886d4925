// What is secret in the store: AES-256-GCM with keys from the secrets of the fleet (HKDF, RFC 5869).
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16
const version = 's1'

interface Key {
  id: string
  key: Buffer
}

export class Seal {
  readonly #keys: Key[]
  readonly #fleet: string

  /** The first secret seals; what any of them has sealed is opened. */
  constructor(fleet: string, secrets: readonly string[]) {
    this.#fleet = fleet
    this.#keys = secrets.map((secret) => ({
      id: derive(secret, fleet, 'id', 6).toString('base64url'),
      key: derive(secret, fleet, 'seal', 32),
    }))
  }

  /** `purpose` is bound to it: what was sealed for one is not opened for another. */
  seal(purpose: string, data: Buffer): string {
    const { id, key } = this.#keys[0]!
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(this.#about(purpose))
    const sealed = Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()])
    return `${version}.${id}.${sealed.toString('base64url')}`
  }

  /** Undefined: by another secret, for another purpose or fleet, or changed. */
  open(purpose: string, text: string): Buffer | undefined {
    const [written, id, content = ''] = text.split('.')
    const found = this.#keys.find((one) => one.id === id)
    const sealed = Buffer.from(content, 'base64url')
    if (written !== version || !found || sealed.length < nonceBytes + tagBytes) return undefined
    try {
      const nonce = sealed.subarray(0, nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', found.key, nonce, { authTagLength: tagBytes })
        .setAAD(this.#about(purpose))
        .setAuthTag(sealed.subarray(-tagBytes))
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
    } catch {
      return undefined
    }
  }

  #about(purpose: string): Buffer {
    return Buffer.from(`holdfast ${version} ${purpose} ${this.#fleet}`)
  }
}

function derive(secret: string, fleet: string, what: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, fleet, `holdfast fleet ${what}`, bytes))
}
