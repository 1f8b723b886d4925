// What the applications need: npm packages into a cache folder, as the manifest pins them, and what is there of Debian's.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = join(import.meta.dirname, '..')

function debianVersion(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '${Status} ${Version}'
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', format, name], {
    encoding: 'utf8',
  })
  if (status !== 0 || !stdout.startsWith('install ok installed')) return undefined
  return stdout.split(' ').at(-1)
}

/** Installs the manifest's packages where it has changed since, and copies the trial beside them, so that it finds them. */
export function prepare(cache) {
  mkdirSync(cache, { recursive: true })
  const manifest = readFileSync(join(here, 'package.json'), 'utf8')
  const installed = join(cache, 'installed.json')
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== manifest) {
    console.log(`installing the applications into ${cache}`)
    writeFileSync(join(cache, 'package.json'), manifest)
    // No scripts: nothing here needs one, and some would build what is optional.
    const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    const { status, stderr } = spawnSync('npm', npm, { cwd: cache, encoding: 'utf8' })
    if (status !== 0) throw new Error(`npm install: ${stderr}`)
    writeFileSync(installed, manifest)
  }
  for (const part of ['lib', 'applications']) {
    rmSync(join(cache, part), { recursive: true, force: true })
    cpSync(join(here, part), join(cache, part), { recursive: true })
  }
  return JSON.parse(manifest)
}

/** The versions of what an application is made of, and what of Debian's is missing. */
export function parts(about, manifest) {
  const versions = Object.fromEntries(
    (about.packages ?? []).map((name) => [name, manifest.dependencies[name]]),
  )
  const missing = []
  const other = []
  for (const name of about.debian ?? []) {
    const version = debianVersion(name)
    if (!version) missing.push(name)
    else {
      versions[name] = version
      if (version !== manifest.debian[name])
        other.push(`${name} ${version} (pinned: ${manifest.debian[name]})`)
    }
  }
  return { versions, missing, other }
}

/** Debian's packages at the versions that the manifest pins. Only root can. */
export function installDebian(names, manifest) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const wanted = names.map((name) => `${name}=${manifest.debian[name]}`)
  spawnSync('apt-get', ['-qq', 'update'], { env, stdio: 'ignore' })
  const options = ['-qq', '--yes', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0']
  const { status } = spawnSync('apt-get', [...options, 'install', ...wanted], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return status === 0
}
