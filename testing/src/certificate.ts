import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

/** A certificate for localhost and 127.0.0.1, signed by itself: its files and their PEM texts. */
export function certificate(): { certFile: string; keyFile: string; cert: string; key: string } {
  const certFile = file('cert.pem')
  const keyFile = file('key.pem')
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
