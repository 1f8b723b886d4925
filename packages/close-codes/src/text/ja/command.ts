import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: '未登録',
  inRange: '{n}は{range}の範囲にあります。',
  usedBy: 'エコシステムでの意味',
  sameRange: 'この範囲のコードを持つほかのエコシステム',
  listHint: '{command}で、一つのエコシステムのコードを一覧できます。',
  explainHint: '{command}で、一つのコードについてすべてを表示します。',
  notACode:
    '「{input}」はクローズコードではありません。{from}から{to}までの数（たとえば1012）を指定してください',
  notComparable: '{input}は登録されていないため、比較するものがありません。{command}を試してください',
  sameCode: '{input}が二度指定されています。二つのコードを指定してください',
  unknownEcosystem:
    '「{input}」というエコシステムは見つかりません。「{nearest}」のことですか。指定できるもの：{list}',
}
