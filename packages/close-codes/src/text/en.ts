import { command } from './en/command.ts'
import { comparison } from './en/comparison.ts'
import { ecosystems, withoutOwnCodes } from './en/ecosystems.ts'
import { labels } from './en/labels.ts'
import { measured } from './en/measured.ts'
import { neverSent } from './en/never-sent.ts'
import { page } from './en/page.ts'
import { protocol } from './en/protocol.ts'
import { registered } from './en/registered.ts'
import { supportNotes } from './en/support-notes.ts'
import type { Language } from './language.ts'

/** English, the language against which the others are checked. */
export const en: Language = {
  tag: 'en',
  name: 'English',
  seconds: '{n} s',
  span: '{least}-{most} s',
  labelled: '{label}: {text}',
  list: '{a}, {b}',
  sentences: '{a} {b}',
  or: '{a} or {b}',
  aside: '{a} ({b})',
  quoted: '"{text}"',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: 'Not used.',
    protocol: 'For the protocol itself, its revisions and extensions with a public specification.',
    registered: 'For libraries, frameworks and applications, registered with IANA first come, first served.',
    private: 'For private use by agreement; cannot be registered. The same number means different things.',
    outside: 'In no range: not a close code.',
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
