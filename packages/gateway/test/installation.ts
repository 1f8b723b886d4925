// A copy of the build, laid out as npm installs it, whose code a test can replace while it runs.
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Installation extends Disposable {
  /** The command's main file. */
  readonly main: string
  /** Puts another version in place of the installed one: the same code, with `more` at its beginning. */
  install(version: string, more?: string): void
}

export function installation(version: string): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-installed-'))
  const modules = join(folder, 'node_modules')
  const gateway = join(modules, '@holdfast', 'gateway')
  const others = (from: string, to: string, copied: string[]) => {
    mkdirSync(to, { recursive: true })
    for (const name of readdirSync(from).filter((name) => !copied.includes(name)))
      symlinkSync(join(from, name), join(to, name))
  }
  const copy = (from: string, to: string) => {
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, 'packages', from, part), join(to, part), { recursive: true })
  }
  others(join(root, 'node_modules'), modules, ['@holdfast', 'holdfast', '.bin', '.cache'])
  others(join(root, 'node_modules', '@holdfast'), join(modules, '@holdfast'), ['gateway'])
  copy('gateway', gateway)
  copy('cli', join(modules, 'holdfast'))

  const worker = join(gateway, 'dist', 'worker-main.js')
  const code = readFileSync(worker, 'utf8')
  const install = (version: string, more = '') => {
    writeFileSync(worker, more)
    appendFileSync(worker, code)
    const manifest = join(gateway, 'package.json')
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version }))
  }
  install(version)
  return {
    main: join(modules, 'holdfast', 'dist', 'main.js'),
    install,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
