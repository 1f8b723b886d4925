import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: 'nicht registriert',
  inRange: '{n} liegt im Bereich {range}.',
  usedBy: 'In Ökosystemen',
  sameRange: 'Andere Ökosysteme mit Codes in diesem Bereich',
  listHint: '{command} listet die Codes eines Ökosystems auf.',
  explainHint: '{command} sagt alles über einen Code.',
  notACode: '„{input}“ ist kein Close-Code; geben Sie eine Zahl von {from} bis {to} an, etwa 1012',
  notComparable: '{input} ist nicht registriert, es gibt also nichts zu vergleichen; versuchen Sie {command}',
  sameCode: '{input} ist zweimal angegeben; nennen Sie zwei Codes',
  unknownEcosystem: 'kein Ökosystem „{input}“ bekannt; meinten Sie „{nearest}“? Bekannt sind: {list}',
}
