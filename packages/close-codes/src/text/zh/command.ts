import type { CommandText } from '../language.ts'

export const command: CommandText = {
  unregistered: '未注册',
  inRange: '{n} 落在 {range} 范围内。',
  usedBy: '在各生态中',
  sameRange: '使用这一范围的其他生态',
  listHint: '{command} 列出一个生态的码。',
  explainHint: '{command} 说明一个码的全部内容。',
  notACode: '“{input}”不是关闭码；请给出 {from} 到 {to} 之间的数，例如 1012',
  notComparable: '{input} 没有注册，无从比较；请试试 {command}',
  sameCode: '{input} 给了两次；请给出两个不同的码',
  unknownEcosystem: '没有名为“{input}”的生态；是想说“{nearest}”吗？已知的有：{list}',
}
