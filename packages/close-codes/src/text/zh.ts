import type { Language } from './language.ts'
import { command } from './zh/command.ts'
import { comparison } from './zh/comparison.ts'
import { ecosystems, withoutOwnCodes } from './zh/ecosystems.ts'
import { labels } from './zh/labels.ts'
import { measured } from './zh/measured.ts'
import { neverSent } from './zh/never-sent.ts'
import { page } from './zh/page.ts'
import { protocol } from './zh/protocol.ts'
import { registered } from './zh/registered.ts'
import { supportNotes } from './zh/support-notes.ts'

/** Chinese, in simplified characters. */
export const zh: Language = {
  tag: 'zh',
  name: '简体中文',
  seconds: '{n} 秒',
  span: '{least}–{most} 秒',
  labelled: '{label}：{text}',
  list: '{a}、{b}',
  sentences: '{a}{b}',
  or: '{a} 或 {b}',
  aside: '{a}（{b}）',
  quoted: '“{text}”',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: '不使用。',
    protocol: '供协议本身、其修订版以及有公开规范的扩展使用。',
    registered: '供库、框架和应用使用，在 IANA 按先到先得注册。',
    private: '按约定私下使用，不能注册。同一个号码有不同的含义。',
    outside: '不在任何范围内：不是关闭码。',
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
