import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: 'non enregistré',
  inRange: '{n} se trouve dans la plage {range}.',
  usedBy: 'Dans les écosystèmes',
  sameRange: 'Autres écosystèmes de cette plage',
  listHint: '{command} donne les codes d’un écosystème.',
  explainHint: '{command} dit tout d’un code.',
  notACode:
    '« {input} » n’est pas un code de fermeture ; donnez un nombre de {from} à {to}, par exemple 1012',
  notComparable: '{input} n’est pas enregistré, il n’y a donc rien à comparer ; essayez {command}',
  sameCode: '{input} est donné deux fois ; nommez deux codes',
  unknownEcosystem:
    'aucun écosystème « {input} » n’est connu ; vouliez-vous dire « {nearest} » ? Connus : {list}',
}
