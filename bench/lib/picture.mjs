// Returns over time as an SVG: a row for each system, a bar for each tenth of a second.
const width = 760
const rowHeight = 90
const left = 110
const perColumn = 6

export function picture(results) {
  const rows = results.filter(({ columns }) => columns?.length > 0)
  const most = Math.max(...rows.map(({ busiest }) => busiest))
  const height = rows.length * rowHeight + 40
  const body = rows.map((row, i) => drawRow(row, i * rowHeight + 10, most))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" role="img">
<title>Clients that return in each tenth of a second of a drain</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${body.join('\n')}
<text x="${left}" y="${height - 10}" fill="#555">time since the first return; one bar is 100 ms, all rows have the same scale</text>
</svg>
`
}

function drawRow({ system, columns, busiest, overMean }, top, most) {
  const foot = top + rowHeight - 15
  const bars = columns
    .slice(0, Math.floor((width - left) / perColumn))
    .map((count, i) => {
      if (count === 0) return ''
      const size = Math.max(1, (count / most) * (rowHeight - 35))
      const x = left + i * perColumn
      return `<rect x="${x}" y="${(foot - size).toFixed(1)}" width="${perColumn - 1}" height="${size.toFixed(1)}" fill="#1f6feb"/>`
    })
    .join('')
  return `<text x="8" y="${foot - 18}" fill="#111">${system}</text>
<text x="8" y="${foot - 2}" fill="#555">${busiest} (${overMean.toFixed(1)} x)</text>
<line x1="${left}" y1="${foot}" x2="${width - 10}" y2="${foot}" stroke="#999"/>${bars}`
}
