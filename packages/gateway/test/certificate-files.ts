import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key as files, for a configuration. */
export function certificateFiles({ cert, key }: { cert: string; key: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(paths.cert, cert)
  writeFileSync(paths.key, key)
  return { paths, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
