import { command } from './ja/command.ts'
import { comparison } from './ja/comparison.ts'
import { ecosystems, withoutOwnCodes } from './ja/ecosystems.ts'
import { labels } from './ja/labels.ts'
import { measured } from './ja/measured.ts'
import { neverSent } from './ja/never-sent.ts'
import { page } from './ja/page.ts'
import { protocol } from './ja/protocol.ts'
import { registered } from './ja/registered.ts'
import { supportNotes } from './ja/support-notes.ts'
import type { Language } from './language.ts'

/** Japanese. */
export const ja: Language = {
  tag: 'ja',
  name: '日本語',
  seconds: '{n}秒',
  span: '{least}〜{most}秒',
  labelled: '{label}：{text}',
  list: '{a}、{b}',
  sentences: '{a}{b}',
  or: '{a}または{b}',
  aside: '{a}（{b}）',
  quoted: '「{text}」',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: '使われません。',
    protocol: 'プロトコル自体とその改訂、および公開された仕様を持つ拡張のためのものです。',
    registered: 'ライブラリ、フレームワーク、アプリケーションのためのもので、IANAに先着順で登録されます。',
    private: '合意に基づく私用のためのもので、登録できません。同じ番号でも意味が異なります。',
    outside: 'どの範囲にも入らず、クローズコードではありません。',
  },
  labels,
  comparison,
  measured,
  page,
  command,
  ecosystems,
  withoutOwnCodes,
  supportNotes,
}
