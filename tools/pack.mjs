// Makes what is installed: holdfast-VERSION.tgz, the command with all that it needs inside, for `npm install -g` without a
// registry; and each library as a tarball of its own. `npm run pack` builds before. Into packed/, or the folder that is named.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const to = resolve(process.argv[2] ?? join(root, 'packed'))
const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

mkdirSync(to, { recursive: true })
const stage = mkdtempSync(join(tmpdir(), 'holdfast-pack-'))
try {
  const own = new Map()
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    if (!existsSync(join(folder, 'package.json'))) continue
    const manifest = manifestOf(folder)
    if (!manifest.private) own.set(manifest.name, unpacked(folder))
  }
  const command = own.get('holdfast')
  bundle(command.folder, command.folder, command.source)
  writeManifest(command.folder, (manifest) => ({
    ...manifest,
    bundleDependencies: Object.keys(manifest.dependencies),
  }))
  for (const name of readdirSync(to)) if (/^holdfast-.*\.tgz$/.test(name)) rmSync(join(to, name))
  for (const { folder } of own.values()) console.log(join(to, pack(folder, to)))

  /** Puts what a package depends on into `node_modules` of `top`, or its own where another version is there already. `from`: where it is installed here. */
  function bundle(top, folder, from) {
    for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) {
      const ours = own.get(name)
      const source = ours?.folder ?? installed(name, from)
      const { version } = manifestOf(source)
      const shared = join(top, 'node_modules', name)
      const place =
        !existsSync(shared) || manifestOf(shared).version === version
          ? shared
          : join(folder, 'node_modules', name)
      if (existsSync(place)) continue
      cpSync(source, place, {
        recursive: true,
        dereference: true,
        filter: (path) => !isLeftOut(source, path),
      })
      bundle(top, place, ours?.source ?? source)
    }
  }

  /** The files of a package as npm publishes them. */
  function unpacked(folder) {
    const place = join(stage, basename(folder))
    mkdirSync(place)
    execFileSync('tar', ['-xzf', join(place, pack(folder, place)), '-C', place])
    return { folder: join(place, 'package'), source: folder }
  }
} finally {
  rmSync(stage, { recursive: true })
}

function pack(folder, destination) {
  const args = ['pack', '--json', '--silent', '--pack-destination', destination]
  // It names every file, those of all dependencies, too: more than the megabyte that is read of a child unless told otherwise.
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 }
  const [{ filename }] = JSON.parse(execFileSync('npm', args, options))
  return filename
}

/** Where a package is installed for those that are in `from`. */
function installed(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) return place
    if (folder === dirname(folder)) throw new Error(`${name} is not installed; run npm ci`)
  }
}

/** What nobody needs who runs it: what is installed inside, and maps of sources that are not there. */
function isLeftOut(source, path) {
  const inside = path.slice(source.length)
  return inside.startsWith('/node_modules') || /\.(map|tsbuildinfo)$/.test(inside)
}

function writeManifest(folder, change) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(change(manifestOf(folder)), undefined, 2)}\n`)
}
