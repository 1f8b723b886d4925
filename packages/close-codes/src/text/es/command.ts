import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: 'no registrado',
  inRange: '{n} cae en el rango {range}.',
  usedBy: 'En los ecosistemas',
  sameRange: 'Otros ecosistemas con códigos en este rango',
  listHint: '{command} enumera los códigos de un ecosistema.',
  explainHint: '{command} lo cuenta todo sobre un código.',
  notACode: '«{input}» no es un código de cierre; da un número de {from} a {to}, como 1012',
  notComparable: '{input} no está registrado, así que no hay nada que comparar; prueba {command}',
  sameCode: '{input} está dado dos veces; nombra dos códigos',
  unknownEcosystem: 'no se conoce ningún ecosistema «{input}»; ¿querías decir «{nearest}»? Conocidos: {list}',
}
