// Families of metrics, and their text. Source: the text format 0.0.4 of Prometheus.

export type Labels = Record<string, string | number>

export type Sample = [labels: Labels, value: number]

export interface Family {
  name: string
  help: string
  type: 'gauge' | 'counter' | 'histogram'
  /** With a suffix for the parts of a histogram. */
  samples: { suffix?: '_bucket' | '_sum' | '_count'; labels: Labels; value: number }[]
}

export function labelled(counts: Record<string, number>, labels: (key: string) => Labels): Sample[] {
  return Object.entries(counts).map(([key, count]) => [labels(key), count])
}

export function gauge(name: string, help: string, samples: Sample[]): Family {
  return family('gauge', name, help, samples)
}

export function counter(name: string, help: string, samples: Sample[]): Family {
  return family('counter', name, help, samples)
}

function family(type: Family['type'], name: string, help: string, samples: Sample[]): Family {
  return {
    name: `holdfast_${name}`,
    help,
    type,
    samples: samples.map(([labels, value]) => ({ labels, value })),
  }
}

export function render({ name, help, type, samples }: Family): string {
  // Thousands of lines in a gateway with many routes, and sockets wait meanwhile: one string that grows is fastest.
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  for (const { suffix = '', labels, value } of samples) {
    text += `${name}${suffix}${labelText(labels)} ${number(value)}\n`
  }
  return text
}

function labelText(labels: Labels): string {
  let text = ''
  for (const name in labels)
    text += `${text === '' ? '{' : ','}${name}="${escapeLabel(String(labels[name]))}"`
  return text === '' ? '' : `${text}}`
}

// Text format 0.0.4: "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line
// feed characters have to be escaped as \\, \", and \n, respectively."
function escapeLabel(value: string): string {
  if (!/[\\"\n]/.test(value)) return value
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}

export function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return String(value)
}
