import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: 'not registered',
  inRange: '{n} falls in the range {range}.',
  usedBy: 'In ecosystems',
  sameRange: 'Others with codes in this range',
  listHint: '{command} lists the codes of one ecosystem.',
  explainHint: '{command} tells all about one code.',
  notACode: "'{input}' is no close code; give a number from {from} to {to}, such as 1012",
  notComparable: '{input} is not registered, so there is nothing to compare; try {command}',
  sameCode: '{input} is given twice; name two codes',
  unknownEcosystem: "no ecosystem '{input}' is known; did you mean '{nearest}'? Known: {list}",
}
