import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The path of a certificate or key of the fixtures. */
export const tlsFile = (name: string) =>
  fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url))

const read = (name: string) => readFileSync(tlsFile(name), 'utf8')

/** The authority that signed the certificates. */
export const root = read('root')

/** A certificate of the fixtures with its key; `make.sh` there says what each is. */
export function certificate(name: string, chain: string[] = []): { cert: string; key: string } {
  return { cert: [name, ...chain].map(read).join(''), key: read('key') }
}
