import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { colorOf, resolved } from './colors.ts'
import { type CloseSeries, shownSeconds } from './series.ts'
import { t } from './translate.ts'
import { codeText, count, time } from './words.ts'

interface Props {
  series: CloseSeries
  /** Unix milliseconds: the chart's right end. */
  at: number
  /** What is stacked, the lowest first. */
  codes: number[]
}

const height = 290

/** Closes a second, stacked by code. The table beside it says the same in numbers. */
export function ClosesChart({ series, at, codes }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const key = codes.join()

  useEffect(() => {
    const element = place.current!
    const make = () => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(element, codes), dataOf(series, at, codes), element)
    }
    make()
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', make)
    return () => {
      scheme.removeEventListener('change', make)
      resize.disconnect()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [key])

  useEffect(() => plot.current?.setData(dataOf(series, at, codes)), [at, key])

  const label = t('Closes a second, stacked by code: {codes}', { codes: codes.map(codeText).join(', ') })
  return <div ref={place} class="chart" role="img" aria-label={label} />
}

/** Times, and for each code the sum of it and of all below it: the highest is drawn first, the others over it. */
function dataOf(series: CloseSeries, at: number, codes: readonly number[]): uPlot.AlignedData {
  // The second that runs is not over: it would look like a fall.
  const end = Math.floor(at / 1000) - 1
  const times = Array.from({ length: shownSeconds }, (_, i) => end - shownSeconds + 1 + i)
  const below = times.map(() => 0)
  const stacked = codes.map((code) => {
    for (const [i, second] of times.entries()) below[i]! += series.at(second, code)
    return [...below]
  })
  return [times, ...stacked.reverse()]
}

function optionsOf(element: HTMLElement, codes: readonly number[]): uPlot.Options {
  const text = resolved('muted', element)
  const line = { stroke: resolved('line', element), width: 1 }
  const stepped = uPlot.paths.stepped!({ align: 1 })
  const font = '12px system-ui, sans-serif'
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true },
      // A quiet gateway is a flat line at the bottom, not a mountain of one close.
      y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] },
    },
    axes: [
      {
        stroke: text,
        font,
        grid: { show: false },
        size: 32,
        ticks: line,
        values: (_, at) => at.map((s) => time(s * 1000).slice(0, 5)),
        incrs: [60, 300],
        space: 50,
      },
      {
        stroke: text,
        font,
        grid: line,
        ticks: { show: false },
        size: 44,
        // Counts: there is no half of a close.
        incrs: [1, 2, 5]
          .flatMap((n) => [0, 1, 2, 3, 4, 5].map((zeros) => n * 10 ** zeros))
          .sort((a, b) => a - b),
        values: (_, at) => at.map(count),
      },
    ],
    series: [
      {},
      ...[...codes].reverse().map((code): uPlot.Series => {
        const color = resolved(colorOf(code), element)
        return {
          label: codeText(code),
          stroke: color,
          fill: color,
          width: 1,
          paths: stepped,
          points: { show: false },
        }
      }),
    ],
  }
}
