import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: 'não registrado',
  inRange: '{n} fica na faixa {range}.',
  usedBy: 'Nos ecossistemas',
  sameRange: 'Outros ecossistemas com códigos nesta faixa',
  listHint: '{command} lista os códigos de um ecossistema.',
  explainHint: '{command} conta tudo sobre um código.',
  notACode: '“{input}” não é um código de fechamento; dê um número de {from} a {to}, como 1012',
  notComparable: '{input} não está registrado, então não há o que comparar; experimente {command}',
  sameCode: '{input} foi dado duas vezes; informe dois códigos',
  unknownEcosystem:
    'nenhum ecossistema “{input}” é conhecido; você quis dizer “{nearest}”? Conhecidos: {list}',
}
