// What a cell is worth beside the same cell without a gateway, over all its runs.

/** A client's own delays are drawn; this much later is not slower. */
const slackSeconds = 1
/** The probe speaks five times a second; what is missed while one comes back so much later. */
const slackMessages = 5
/** A message that is under way at the moment of the stop, which no way can be blamed for. */
const underWay = 1

const infinite = (value) => value ?? Number.POSITIVE_INFINITY

export function median(values) {
  const sorted = values.map(infinite).sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}

const worst = (values) => Math.max(...values.map(infinite))

/** The figures of a user: which may not be greater than without a gateway, and by how much they may. */
const figures = {
  again: slackSeconds,
  missed: slackMessages,
  missedSinceBack: 0,
  lostAway: underWay,
  lostUp: slackMessages,
}

/** In what a way is worse than none, in words; empty when it is not. `runs` are the cells of one way, `direct` those without. */
export function worseIn(runs, direct) {
  const faults = []
  for (const role of ['quiet', 'busy', 'newcomer']) {
    const counted = runs.filter((run) => !run[role].asked)
    if (counted.length === 0) continue
    for (const [figure, slack] of Object.entries(figures)) {
      if (counted[0][role][figure] === undefined) continue
      const mine = median(counted.map((run) => run[role][figure]))
      const theirs = worst(direct.map((run) => run[role][figure]))
      if (mine > theirs + slack)
        faults.push(`${role} ${words[figure]} ${shown(mine)}, directly ${shown(theirs)}`)
    }
  }
  return faults
}

/** Whether somebody was the one with whom the gateway asked in every run, so that nothing is known of him yet. */
export const unknownOf = (runs) => ['quiet', 'busy'].some((role) => runs.every((run) => run[role].asked))

const words = {
  again: 'works again after',
  missed: 'misses',
  missedSinceBack: 'misses, although back,',
  lostAway: 'loses of what is said meanwhile',
  lostUp: 'loses of what is said once the server is up',
}

const shown = (value) => (Number.isFinite(value) ? String(value) : 'never')

/** No event in the client, and nothing lost once the server is up: in most runs. */
export function unnoticed(runs) {
  const good = runs.filter(
    ({ quiet, busy }) =>
      quiet.events.length + busy.events.length + quiet.missed + busy.missed + busy.lostUp === 0 &&
      quiet.again !== null &&
      busy.again !== null,
  )
  return good.length * 2 > runs.length
}
