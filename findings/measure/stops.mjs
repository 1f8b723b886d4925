// Measures again what connected clients see when servers are stopped, and compares it with the rows of
// packages/close-codes/src/measured. Outside CI, since it installs pinned packages into a temporary folder and takes minutes:
//
//   npm run build && node findings/measure/stops.mjs [name of a server]
//
// Each server is a program of its own here, stopped by SIGTERM; three raw TCP clients that write their own frames watch. The
// product has no part in it. Servers from Debian are tried where the package is installed in the version of the row.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverStops } from '../../packages/close-codes/dist/measured.js'
import { servers } from './programs.mjs'

const settleMs = 300
const watchMs = 8_000
const python = '/usr/bin/python3'

const words = ({ what, code, reason }) =>
  what === 'close' ? `Close ${code}${reason ? ` "${reason}"` : ''}` : what

const wanted = process.argv[2]
const chosen = servers.filter(({ server }) => !wanted || server === wanted)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-stops-'))
let different = 0
try {
  const packages = [...new Set(chosen.flatMap((one) => one.npm ?? []))]
  if (packages.length > 0) install(packages)
  for (const one of chosen) {
    const missing = (one.debian ?? []).filter(([name, version]) => versionOf(name) !== version)
    if (missing.length > 0)
      console.log(`${one.server}: not tried, ${missing.map((it) => it.join(' ')).join(', ')} not here`)
    else await measure(one)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(different === 0 ? 'as in the table' : `${different} rows have changed`)
process.exitCode = different === 0 ? 0 : 1

function install(packages) {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps']
  const { status } = spawnSync('npm', ['install', ...flags, ...packages], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm install failed')
}

function versionOf(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', `\${Version}`, name], { encoding: 'utf8' })
  return stdout?.trim()
}

async function measure({ server, program, language, command, path = '/', protocol, stops }) {
  for (const [how, stop] of Object.entries(stops)) {
    const row = serverStops.find((it) => it.server === server)?.stops.find((it) => it.how === how)
    if (!row) throw new Error(`no row for ${server}: ${how}`)
    const expected = [...new Set(row.sees.map(words))].sort().join(' / ')
    const late = row.after !== undefined && row.after * 1_000 > watchMs
    const seen = await watch({ program, language, command, path, protocol, stop })
    const same = seen === (late ? 'nothing' : expected)
    if (!same) different++
    console.log(
      `${same ? 'same   ' : 'CHANGED'}  ${server}: ${how}: ${seen}${same ? '' : `, the table says ${expected}`}`,
    )
  }
}

async function watch({ program, language = 'node', command, path, protocol, stop }) {
  const port = await freePort()
  const file = join(folder, language === 'python' ? 'server.py' : 'server.mjs')
  writeFileSync(file, program.replaceAll('STOP', stop))
  const [run, ...args] = command
    ? command({ port, folder, file, stop })
    : [language === 'python' ? python : process.execPath, file, String(port)]
  const env = { ...process.env, PORT: String(port), PYTHONPATH: folder }
  const child = spawn(run, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let errors = ''
  child.stderr.on('data', (bytes) => {
    errors = (errors + bytes).slice(-2_000)
  })
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  process.once('exit', end)
  try {
    const clients = []
    for (let i = 0; i < 3; i++) clients.push(await connected(port, path, protocol))
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    child.kill('SIGTERM')
    const all = Promise.all(clients.map(({ over }) => over))
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, watchMs))])
    return [...new Set(clients.map(({ seen }) => seen()))].sort().join(' / ')
  } catch (error) {
    return `${error.message} ${errors.trim().split('\n').at(-1) ?? ''}`
  } finally {
    end()
    process.off('exit', end)
  }
}

async function connected(port, path, protocol) {
  const until = performance.now() + 20_000
  for (;;) {
    try {
      return await client(port, path, protocol)
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** A client of RFC 6455 that answers a Close and nothing else. */
function client(port, path, protocol) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let bytes = Buffer.alloc(0)
    let open = false
    let seen = 'nothing'
    let done
    const over = new Promise((it) => {
      done = it
    })
    const key = randomBytes(16).toString('base64')
    const offer = protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offer}\r\n`,
    )
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      if (!open) {
        const head = bytes.indexOf('\r\n\r\n')
        if (head < 0) return
        if (!bytes.toString('latin1', 0, 12).endsWith('101')) return void socket.destroy(new Error('no 101'))
        open = true
        bytes = bytes.subarray(head + 4)
        resolve({ over, seen: () => seen })
      }
      for (let frame = nextFrame(); frame; frame = nextFrame()) {
        if (frame.opcode !== 8) continue
        const code = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0)
        if (seen === 'nothing')
          seen = words({ what: 'close', code, reason: frame.payload.toString('utf8', 2) })
        socket.write(
          Buffer.concat([Buffer.from([0x88, 0x80 | frame.payload.length, 0, 0, 0, 0]), frame.payload]),
        )
        done()
      }
    })
    const nextFrame = () => {
      if (bytes.length < 2) return undefined
      const short = bytes[1] & 0x7f
      const size = short === 126 ? 4 : short === 127 ? 10 : 2
      if (bytes.length < size) return undefined
      const length =
        size === 2 ? short : size === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < size + length) return undefined
      const frame = { opcode: bytes[0] & 0x0f, payload: Buffer.from(bytes.subarray(size, size + length)) }
      bytes = bytes.subarray(size + length)
      return frame
    }
    socket.on('error', reject)
    socket.on('close', () => {
      if (seen === 'nothing') seen = 'end'
      done()
      reject(new Error('not let in'))
    })
  })
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
