// What happens to the upstream while its clients are connected, and what is then counted of them.
import { setTimeout as after } from 'node:timers/promises'
import { startFleet } from './fleet.mjs'

/** Milliseconds after the return in which a client may be served again: the longest pause of a library is 30 s. */
const patience = 45_000
/** Whoever has not tried for so long never will. */
const silence = 35_000

export const situations = [
  {
    name: 'back-3',
    title: 'The upstream is away for 3 s: it is killed, connections to it are refused, it is there again',
    away: 3000,
    returns: true,
    begin: ({ ask }) => ask('leave', {}),
    end: ({ ask }) => ask('comeBack', {}),
  },
  {
    name: 'back-60',
    title: 'The upstream is away for 60 s; the column of 30 s has the first half',
    away: 60_000,
    half: 30_000,
    returns: true,
    begin: ({ ask }) => ask('leave', {}),
    end: ({ ask }) => ask('comeBack', {}),
  },
  {
    name: 'dies',
    title: 'The upstream accepts connections and ends each before it has answered, for 20 s',
    away: 20_000,
    begin: ({ ask }) => ask('turn', { to: 'dies' }),
  },
  {
    name: 'opens',
    title: 'The upstream answers each handshake with 101 and then ends the connection, for 20 s',
    away: 20_000,
    begin: ({ ask }) => ask('turn', { to: 'opens' }),
  },
  {
    name: 'drained',
    title: 'The gateway is drained, and takes clients again after 10 s',
    away: 10_000,
    returns: true,
    // Some gateways let go of all at once, some of one after the other.
    fromLoss: true,
    begin: ({ way }) => way.drain(),
    end: ({ way }) => way.undrain(),
  },
  {
    // How long a library waits for the answer to its handshake; says nothing about a gateway.
    name: 'silent',
    title: 'The upstream accepts connections and says nothing, for 45 s',
    away: 45_000,
    onlyNamed: true,
    begin: ({ ask }) => ask('turn', { to: 'silent' }),
  },
]

const now = () => performance.timeOrigin + performance.now()

/** Runs a situation with `pages` times `count` clients of each library; what each of them saw, and the upstream's handshakes. */
export async function run(situation, { way, ask, libraries, pages, count }) {
  await ask('forget', {})
  const fleet = await startFleet(libraries, way.port, { pages, count })
  const ready = fleet.groups.filter(({ everServed }) => everServed)
  try {
    const begun = now()
    await situation.begin({ way, ask })
    if (situation.returns) {
      await after(Math.min(1000, situation.away / 2))
      fleet.say()
    }
    await after(begun + situation.away - now())
    const ended = now()
    await situation.end?.({ way, ask })
    if (situation.returns) await until(ended + patience, () => ready.every((group) => settled(group, ended)))
    // A message goes out once the library is served.
    if (situation.returns) await after(500)
    const seen = await ask('report', {})
    const { half, returns, fromLoss } = situation
    const span = { begun, ended, half, returns, fromLoss, arrived: seen.arrived }
    return {
      libraries: libraries.map((library) => ({
        library: library.label,
        problem: fleet.groups.find((group) => group.library === library && !group.everServed)?.problem,
        clients: ready
          .filter((group) => group.library === library)
          .flatMap((group) => clientsOf(group, span, fleet.said(group))),
      })),
      handshakes: seen.handshakes
        .filter(({ at }) => at >= ended)
        .map(({ at, name }) => ({ at: at - ended, name })),
      dials: fleet.groups
        .flatMap(({ dials, library }) => dials.flat().map((at) => ({ at: at - begun, name: library.name })))
        .filter(({ at }) => at >= 0),
    }
  } finally {
    await fleet.stop()
  }
}

/** Whether each client of it is served again or has given up. */
function settled(group, since) {
  return group.served.every((times, client) => times.at(-1) >= since || group.gaveUp[client])
}

function clientsOf(group, { begun, ended, half, returns, fromLoss, arrived }, said) {
  const end = now()
  return group.dials.map((dials, client) => {
    const inside = dials.filter((at) => at >= begun)
    const back = group.served[client].find((at) => at >= ended)
    const lost = fromLoss ? group.ages[client].find(({ at }) => at >= begun)?.at : ended
    const quiet = returns === true && back === undefined && end - (dials.at(-1) ?? 0) > silence
    return {
      connections: inside.filter((at) => at < ended).length,
      ...(half && { inHalf: inside.filter((at) => at < begun + half).length }),
      ...(returns && { back: back && back - (lost ?? begun), arrived: arrived[said[client]] ?? 0 }),
      gaveUp: group.ended >= begun || (back === undefined && group.gaveUp[client] !== undefined) || quiet,
      firstAge: group.ages[client].find(({ at, age }) => at - age > begun)?.age,
    }
  })
}

async function until(time, done) {
  while (now() < time && !done()) await after(50)
}
