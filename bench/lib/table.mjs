// Samples to medians, ratios to HAProxy, and the lines of the table.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Of one system in one scenario: the median, and how far the samples lie apart, in percent of it. */
export function summary(samples) {
  const values = samples.map((sample) => sample.value)
  const middle = median(values)
  const spread = ((Math.max(...values) - Math.min(...values)) / middle) * 100
  return {
    median: middle,
    spread,
    samples: values,
    perSecond: median(samples.map((sample) => sample.perSecond ?? 0)),
  }
}

/** Adds `ratio` to each entry: the median of the ratios within each round, as a machine may be slow for a while. */
export function withRatios(entries, reference = 'haproxy') {
  const base = entries.find((entry) => entry.system === reference)
  for (const entry of entries) {
    if (!base) continue
    const ratios = entry.samples.map((value, round) => value / (base.samples[round] ?? base.median))
    entry.ratio = median(ratios)
  }
  return entries
}

export function printTable(scenario, entries) {
  console.log(`\n${scenario.title} (${scenario.unit})`)
  const rows = [['', 'median', 'to haproxy', 'spread', 'per second'], ...entries.map(rowOf)]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')}`,
    )
  }
}

function rowOf({ system, median: middle, ratio, spread, perSecond, problem }) {
  if (problem) return [system, problem, '', '', '']
  return [
    system,
    middle < 10 ? middle.toFixed(2) : middle.toFixed(1),
    ratio === undefined ? '' : ratio.toFixed(2),
    `${spread.toFixed(0)} %`,
    perSecond ? Math.round(perSecond).toLocaleString('en') : '',
  ]
}
