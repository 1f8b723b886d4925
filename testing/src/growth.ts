/** Measurements of which the least counts: whatever else runs on the machine only ever adds to one. */
const rounds = 5
/** What is far below the 16 of a quadratic reader need not be measured again. */
const enough = 7

/**
 * How the processor time of `read` grows when what `make` makes is four times as long: about 4 for a reader that looks at
 * each byte a bounded number of times, 16 for a quadratic one. 0 when what has that `length` takes less than `negligible`
 * milliseconds of processor time, of which the ratio would say nothing.
 *
 * Processor time and not wall time, as a ratio, so that a slow or a busy machine changes nothing.
 */
export async function growth<Input>(
  read: (input: Input) => unknown,
  make: (length: number) => Input,
  length: number,
  negligible = 100,
): Promise<number> {
  const long = make(length)
  if ((await processorTime(read, long)) < 1000 * negligible) return 0
  const short = make(length / 4)
  // Repeated four times, the short one takes as long as the long one if the reader is linear.
  const fourTimes = async (input: Input) => {
    for (let i = 0; i < 4; i++) await read(input)
  }
  let ofShort = Number.POSITIVE_INFINITY
  let ofLong = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    ofShort = Math.min(ofShort, await processorTime(fourTimes, short))
    ofLong = Math.min(ofLong, await processorTime(read, long))
    // The first time was of code that had not run before, and of what had to be collected.
    if (ofLong < 1000 * negligible) return 0
    if (4 * ofLong < enough * ofShort) break
  }
  return (4 * ofLong) / Math.max(ofShort, 1)
}

/** In microseconds. */
async function processorTime<Input>(read: (input: Input) => unknown, input: Input): Promise<number> {
  const before = process.cpuUsage()
  await read(input)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const pumps = [
  ...[
    ' ',
    '\t',
    'a',
    '0',
    '"',
    "'",
    '`',
    '\\',
    ',',
    ';',
    '=',
    ':',
    '.',
    '/',
    '%',
    '#',
    '?',
    '*',
    '@',
    '-',
    '&',
    '!',
    '|',
    '$',
    '~',
  ],
  ...['(', '[', '{', '<', ')', ']', '}', '>', '\n', '\r\n', '\0', '\x80', '\u00e9'],
  ...[
    '\\"',
    ' "',
    "' ",
    'a,',
    ', ',
    'a=',
    'a=b;',
    '; ',
    ': ',
    '- ',
    'a: ',
    '{a:',
    '[[',
    '\n ',
    '\n\t',
    '\\\n',
    '"\\',
    '%2f',
    '../',
  ],
  ...[
    'a:b\n',
    'a {\n',
    'a;\n',
    '{ a',
    '<a\n',
    '"a" ',
    '"a',
    '"" ',
    '#\n',
    '&a ',
    '*a ',
    '? a\n',
    '| \n',
    'a\n\n',
    '    a\n',
    '-1:',
  ],
]

/**
 * The texts of that many characters that are worst for readers: one short piece, again and again, behind a beginning and
 * before an end at which the reader fails.
 */
export function* attacks(
  begin = '',
  ends: readonly string[] = ['', '\x01'],
): Generator<[name: string, make: (length: number) => string]> {
  for (const pump of pumps) {
    for (const end of ends) {
      const repeated = (length: number) => begin + pump.repeat(Math.floor(length / pump.length)) + end
      yield [JSON.stringify(`${begin}(${pump})*${end}`), repeated]
    }
  }
}
