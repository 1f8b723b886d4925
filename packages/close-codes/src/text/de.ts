import { command } from './de/command.ts'
import { comparison } from './de/comparison.ts'
import { ecosystems, withoutOwnCodes } from './de/ecosystems.ts'
import { labels } from './de/labels.ts'
import { measured } from './de/measured.ts'
import { neverSent } from './de/never-sent.ts'
import { page } from './de/page.ts'
import { protocol } from './de/protocol.ts'
import { registered } from './de/registered.ts'
import { supportNotes } from './de/support-notes.ts'
import type { Language } from './language.ts'

/** German. */
export const de: Language = {
  tag: 'de',
  name: 'Deutsch',
  seconds: '{n} s',
  span: '{least}–{most} s',
  labelled: '{label}: {text}',
  list: '{a}, {b}',
  sentences: '{a} {b}',
  or: '{a} oder {b}',
  aside: '{a} ({b})',
  quoted: '„{text}“',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: 'Nicht benutzt.',
    protocol:
      'Für das Protokoll selbst, seine Überarbeitungen und Erweiterungen mit öffentlicher Spezifikation.',
    registered:
      'Für Bibliotheken, Frameworks und Anwendungen, bei der IANA in der Reihenfolge des Eingangs registriert.',
    private:
      'Für den privaten Gebrauch nach Absprache; kann nicht registriert werden. Dieselbe Zahl bedeutet Verschiedenes.',
    outside: 'In keinem Bereich: kein Close-Code.',
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
