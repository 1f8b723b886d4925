// Frameworks that only tests need: pinned in fixtures/frameworks and installed below node_modules/.cache when a test asks
// for them, since together they are larger than all else that the project installs.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'

const pinned = fileURLToPath(new URL('../fixtures/frameworks/', import.meta.url))
const installTimeoutMs = 240_000

/** A program in this folder can import them, and what the project itself has. */
export const frameworksFolder = fileURLToPath(
  new URL('../../node_modules/.cache/frameworks/', import.meta.url),
)

/** Installs them unless they are there. Resolves with why they cannot be had; with undefined when they can. */
export async function installFrameworks(): Promise<string | undefined> {
  const lock = readFileSync(join(pinned, 'package-lock.json'), 'utf8')
  const marker = join(frameworksFolder, 'installed')
  const done = () => existsSync(marker) && readFileSync(marker, 'utf8') === lock
  if (done()) return undefined
  if (process.env.HOLDFAST_NO_INSTALL) return 'HOLDFAST_NO_INSTALL is set'
  const fresh = `${frameworksFolder.slice(0, -1)}-installing`
  try {
    mkdirSync(join(fresh, '..'), { recursive: true })
    mkdirSync(fresh)
  } catch {
    // Another test file installs them now.
    await eventually('the frameworks are installed', () => done() || !existsSync(fresh), {
      limit: installTimeoutMs,
    })
    return done() ? undefined : 'another process could not install them'
  }
  try {
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(pinned, file), join(fresh, file))
    const flags = ['--ignore-scripts', '--prefer-offline', '--loglevel=error']
    await promisify(execFile)('npm', ['ci', ...flags], { cwd: fresh, timeout: installTimeoutMs })
    writeFileSync(join(fresh, 'installed'), lock)
    rmSync(frameworksFolder, { recursive: true, force: true })
    renameSync(fresh, frameworksFolder)
    return undefined
  } catch (error) {
    return `npm ci in testing/fixtures/frameworks failed: ${String(error).slice(0, 200)}`
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}
