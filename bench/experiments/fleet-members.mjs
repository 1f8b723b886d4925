// What so many nodes cost the store of their fleet when nothing happens: fake members, each on a connection of its own, that say every 2 s
// what nodes say, to a real redis-server. Then what sessions cost that is in it, with recipes of so many characters.
// node bench/experiments/fleet-members.mjs [--members 3,200,1000] [--seconds 10] [--recipe 1024]
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { parseArgs } from 'node:util'
import { writeMember } from '../../packages/gateway/dist/fleet/member-record.js'
import { renewScript } from '../../packages/gateway/dist/fleet/renew-script.js'
import {
  announceSessionsScript,
  claimSessionScript,
  findSessionScript,
} from '../../packages/gateway/dist/fleet/session-scripts.js'

const { values: flags } = parseArgs({
  options: {
    members: { type: 'string', default: '3,200,1000' },
    seconds: { type: 'string', default: '10' },
    recipe: { type: 'string', default: '1024' },
  },
})
const renewEveryMs = 2000
const seconds = Number(flags.seconds)

const server = net.createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
await new Promise((resolve) => server.close(resolve))
const redis = spawn(
  'redis-server',
  ['--port', port, '--bind', '127.0.0.1', '--save', '', '--maxclients', '5000'],
  { stdio: 'ignore' },
)
process.on('exit', () => redis.kill())
const cli = (...args) => spawnSync('redis-cli', ['-p', port, ...args], { encoding: 'utf8' }).stdout.trim()
while (cli('PING') !== 'PONG') await new Promise((resolve) => setTimeout(resolve, 50))
cli('SCRIPT', 'LOAD', renewScript.lua)
const sha = createHash('sha1').update(renewScript.lua).digest('hex')
const key = (part) => `holdfast:{fake}:${part}`

function bulk(...parts) {
  const texts = parts.map(String)
  return `*${texts.length}\r\n${texts.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`).join('')}`
}

/** An error would be quick, and no measure of anything. */
function mustAnswer(data) {
  const start = data.toString('latin1', 0, 200)
  if (/^-(?:ERR|NOSCRIPT|WRONGTYPE) /.test(start)) throw new Error(start)
}

/** Announces itself as a node on Kubernetes does. What comes back is counted and not read. */
async function member(number) {
  const socket = net.connect(port, '127.0.0.1').on('data', mustAnswer)
  await once(socket, 'connect')
  const id = randomBytes(9).toString('base64url')
  const keys = [
    'members',
    'records',
    'dead',
    'tickets',
    'shedding',
    `uses:${id}`,
    'totals',
    `taken:${id}`,
  ].map(key)
  const record = () =>
    writeMember({
      host: `holdfast-7c9d8b6f5d-${String(number).padStart(5, 'x')}`,
      listen: `10.1.${number >> 8}.${number & 255}:10130`,
      version: '0.1.0',
      phase: 'serving',
      generation: 1,
      connections: 40_000 + Math.floor(Math.random() * 20_000),
    })
  const say = () => socket.write(bulk('EVALSHA', sha, keys.length, ...keys, id, record(), 10_000))
  const first = setTimeout(() => {
    say()
    timer = setInterval(say, renewEveryMs)
  }, Math.random() * renewEveryMs)
  let timer
  return () => {
    clearTimeout(first)
    clearInterval(timer)
    socket.destroy()
  }
}

function counters() {
  const number = (section, name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(cli('INFO', section))[1])
  const [, calls, usec] = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(cli('INFO', 'commandstats')) ?? [
    0, 0, 0,
  ]
  return {
    calls: Number(calls),
    usec: Number(usec),
    cpu: number('cpu', 'used_cpu_user') + number('cpu', 'used_cpu_sys'),
    in: number('stats', 'total_net_input_bytes'),
    out: number('stats', 'total_net_output_bytes'),
    memory: number('memory', 'used_memory_dataset'),
  }
}

console.log(
  'members  calls/s  ms of script each  core of redis %  KB/s in  KB/s out  KB/s to each node  bytes of a record',
)
for (const count of flags.members.split(',').map(Number)) {
  cli('FLUSHALL')
  const ends = await Promise.all(Array.from({ length: count }, (_, number) => member(number)))
  await new Promise((resolve) => setTimeout(resolve, 2 * renewEveryMs))
  const before = counters()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const after = counters()
  const by = (name) => after[name] - before[name]
  const record = cli('HVALS', key('records')).length / Number(cli('HLEN', key('records')))
  const row = [
    count,
    (by('calls') / seconds).toFixed(1),
    (by('usec') / by('calls') / 1000).toFixed(3),
    ((by('cpu') / seconds) * 100).toFixed(1),
    (by('in') / seconds / 1000).toFixed(1),
    (by('out') / seconds / 1000).toFixed(1),
    (by('out') / seconds / 1000 / count).toFixed(1),
    record.toFixed(0),
  ]
  console.log(row.join('  '))
  for (const end of ends) end()
}

await sessions(40, 256)
process.exit()

/** What makes so many calls of a script on this connection, each after the answer to the one before, and says what one costs. */
function askerOn(socket) {
  let answers = 0
  let onAnswer = () => {}
  socket.on('data', (data) => {
    mustAnswer(data)
    // Each answer begins a line with one of these, and elements of lists are indented by nothing: lists are counted alone.
    answers += (data.toString('latin1').match(/(?:^|\r\n)\*\d/g) ?? []).length
    onAnswer()
  })
  return async (script, calls) => {
    cli('SCRIPT', 'LOAD', script.lua)
    const hash = createHash('sha1').update(script.lua).digest('hex')
    const before = counters()
    for (const { group, args } of calls) {
      const wanted = answers + 1
      const done = new Promise((resolve) => {
        onAnswer = () => answers >= wanted && resolve()
      })
      socket.write(bulk('EVALSHA', hash, 1, `holdfast:{fake/group-${group}}:sessions`, ...args))
      await done
    }
    const after = counters()
    const by = (name) => (after[name] - before[name]) / calls.length
    // What redis-cli has asked is in the counters, too: a few hundred bytes of thousands.
    return { us: by('usec'), in: by('in'), out: by('out') }
  }
}

/** So many groups of so many sessions, as one node has them: what each of the calls costs. */
async function sessions(groups, each) {
  cli('FLUSHALL')
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const ask = askerOn(socket)
  const all = Array.from({ length: groups }, (_, group) => group)
  const serials = Array.from({ length: each }, (_, serial) => String(serial).padStart(4, 'A'))
  const recipe = randomBytes(Number(flags.recipe)).toString('base64').slice(0, Number(flags.recipe))
  const count = (some) => ['node-aaaaaaa1', 90_000, ...some.flat()]
  const said = async (what, per, script, calls) => {
    const { us, in: bytesIn, out } = await ask(script, calls)
    console.log([what, (us / per).toFixed(1), (bytesIn / per).toFixed(0), (out / per).toFixed(0)].join('  '))
  }
  console.log('session  us of redis  bytes in  bytes out')
  const empty = counters().memory
  const whole = serials.map((serial) => [serial, 0, recipe, '1234 1201 5678 5670'])
  await said(
    'announced whole, of 256',
    each,
    announceSessionsScript,
    all.map((group) => ({ group, args: count(whole) })),
  )
  const memory = (counters().memory - empty) / groups / each
  const changed = serials.map((serial) => [serial, 0, '', '1235 1202 5679 5671'])
  await said(
    'counters, of 256',
    each,
    announceSessionsScript,
    all.map((group) => ({ group, args: count(changed) })),
  )
  const one = [[serials[0], 0, '', '']]
  const often = Array.from({ length: 2000 }, (_, i) => ({ group: i % groups, args: count(one) }))
  await said('presence of a group', 1, announceSessionsScript, often)
  const some = Array.from({ length: 2000 }, (_, i) => ({
    group: i % groups,
    serial: serials[Math.floor(i / groups)],
  }))
  await said(
    'found',
    1,
    findSessionScript,
    some.map(({ group, serial }) => ({ group, args: [serial] })),
  )
  await said(
    'taken over',
    1,
    claimSessionScript,
    some.map(({ group, serial }) => ({ group, args: [serial, 0, 'node-bbbbbbb2', 90_000] })),
  )
  console.log(`memory of a session with a recipe of ${flags.recipe} characters: ${memory.toFixed(0)} bytes`)
  socket.destroy()
}
