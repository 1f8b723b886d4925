// The image of deploy/container, built by buildah without a daemon and run without a runtime: as nobody, on a root that is read-only and has
// no shell. It takes minutes: HOLDFAST_FULL=1. The bases are made here: Debian with this Node and npm, and this Node alone.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@holdfast/testing'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const has = (program: string) => spawnSync(program, ['--version']).status === 0
const why =
  process.env.HOLDFAST_FULL !== '1'
    ? 'HOLDFAST_FULL=1 is not set'
    : process.getuid?.() !== 0
      ? 'not root'
      : ['buildah', 'mmdebstrap', 'unshare', 'nsenter'].find((program) => !has(program))

test.skipIf(why !== undefined)(
  `the image runs as nobody, on a read-only root without a shell, is found in health, and drains at SIGTERM${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-image-'))
    const run = (command: string, ...args: string[]) => {
      const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' }
      const { status, stdout, stderr } = spawnSync(command, args, {
        cwd: root,
        encoding: 'utf8',
        env,
        maxBuffer: 1e8,
      })
      expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
      return stdout.trim()
    }
    const buildah = (...args: string[]) =>
      run('buildah', '--root', join(folder, 'store'), '--runroot', join(folder, 'run'), ...args)
    const image = (name: string, from: string) => {
      const container = buildah('from', 'scratch')
      buildah('add', '--quiet', container, from)
      buildah('config', '--env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', container)
      buildah('commit', '--quiet', '--rm', container, name)
    }
    try {
      const node = realpathSync(process.execPath)
      const npm = dirname(dirname(realpathSync(run('which', 'npm'))))
      const debian = join(folder, 'debian')
      const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))![1]!
      run('mmdebstrap', '--variant=minbase', '--format=directory', suite, debian)
      copyFileSync(node, join(debian, 'usr/bin/node'))
      cpSync(npm, join(debian, 'usr/lib/npm'), { recursive: true })
      run('ln', '-s', '../lib/npm/bin/npm-cli.js', join(debian, 'usr/bin/npm'))
      image('debian-node', debian)
      const bare = join(folder, 'bare')
      for (const file of [node, ...run('ldd', node).match(/\/\S+/g)!]) {
        const to = join(bare, file === node ? '/usr/bin/node' : file)
        mkdirSync(dirname(to), { recursive: true })
        copyFileSync(file, to)
      }
      image('node-alone', bare)

      const context = join(folder, 'context')
      cpSync(join(root, 'deploy/container'), context, { recursive: true })
      run(process.execPath, 'tools/pack.mjs', join(folder, 'packed'))
      const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'))
      copyFileSync(join(folder, `packed/holdfast-${version}.tgz`), join(context, `holdfast-${version}.tgz`))
      const bases = ['BUILD=localhost/debian-node', 'RUN=localhost/node-alone'].flatMap((arg) => [
        '--build-arg',
        arg,
      ])
      buildah('bud', '--format', 'docker', '--quiet', '--tag', 'holdfast', ...bases, context)
      const { config } = JSON.parse(buildah('inspect', '--type', 'image', 'holdfast')).Docker
      expect(config).toMatchObject({ User: '10001:10001', StopSignal: 'SIGTERM' })

      const mounted = buildah('mount', buildah('from', 'holdfast'))
      expect(existsSync(join(mounted, 'bin/sh'))).toBe(false)
      for (const path of ['proc', 'tmp', 'dev']) mkdirSync(join(mounted, path), { recursive: true })
      const own = join(folder, 'holdfast.yaml')
      writeFileSync(
        own,
        'listen: 127.0.0.1:8080\nadmin: 127.0.0.1:10120\nworkers: 1\nroutes: [{ name: chat, upstreams: [ws://127.0.0.1:3000] }]\n',
      )
      const steps = [
        'mount --make-rprivate /',
        `mount --bind ${mounted} ${mounted}`,
        `mount --bind ${own} ${mounted}/etc/holdfast/holdfast.yaml`,
        `mount -o remount,bind,ro ${mounted}`,
        `mount -t tmpfs tmpfs ${mounted}/tmp`,
        `mount -t proc proc ${mounted}/proc`,
        // As every runtime does: without /dev/null no process can be started.
        `mount --rbind /dev ${mounted}/dev`,
        'ip link set lo up',
        'unset NODE_EXTRA_CA_CERTS NODE_OPTIONS',
        // As the image says: its entry point, as process 1.
        `exec unshare --root=${mounted} --wd=${config.WorkingDir} --setgid=10001 --setuid=10001 ${[...config.Entrypoint, ...config.Cmd].join(' ')}`,
      ]
      const outer = spawn('unshare', [
        '--mount',
        '--pid',
        '--net',
        '--fork',
        '--kill-child',
        'sh',
        '-ec',
        steps.join('\n'),
      ])
      try {
        let said = ''
        outer.stdout.on('data', (data) => {
          said += data
        })
        outer.stderr.on('data', (data) => {
          said += data
        })
        await eventually('the start', () => {
          if (outer.exitCode !== null) throw new Error(said)
          return said.includes('(pid 1)')
        })
        const pid = run('pgrep', '-P', String(outer.pid))
        expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(
          /^Uid:\t10001\t10001[\s\S]*^CapEff:\t0{16}$/m,
        )
        const inside = (...args: string[]) =>
          spawnSync(
            'nsenter',
            ['-t', pid, '-m', '-p', '-n', '-r', '-w', '-S', '10001', '-G', '10001', ...args],
            {
              encoding: 'utf8',
              env: {},
            },
          )
        const [, program, ...args] = config.Healthcheck.Test
        expect(program).toBe('node')
        expect(inside('/usr/bin/node', ...args)).toMatchObject({ status: 0 })
        const writes = 'require("fs").writeFileSync(process.argv[1], "")'
        expect(inside('/usr/bin/node', '-e', writes, '/tmp/file').stderr).toBe('')
        expect(inside('/usr/bin/node', '-e', writes, '/app/file').stderr).toContain('EROFS')
        process.kill(Number(pid), 'SIGTERM')
        expect(await once(outer, 'exit')).toEqual([0, null])
        expect(said).toContain('"msg":"drained"')
      } finally {
        outer.kill('SIGKILL')
      }
    } finally {
      spawnSync('buildah', [
        '--root',
        join(folder, 'store'),
        '--runroot',
        join(folder, 'run'),
        'umount',
        '--all',
      ])
      rmSync(folder, { recursive: true, force: true })
    }
  },
  1_800_000,
)
