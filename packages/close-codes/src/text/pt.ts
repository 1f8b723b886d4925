import type { Language } from './language.ts'
import { command } from './pt/command.ts'
import { comparison } from './pt/comparison.ts'
import { ecosystems, withoutOwnCodes } from './pt/ecosystems.ts'
import { labels } from './pt/labels.ts'
import { measured } from './pt/measured.ts'
import { neverSent } from './pt/never-sent.ts'
import { page } from './pt/page.ts'
import { protocol } from './pt/protocol.ts'
import { registered } from './pt/registered.ts'
import { supportNotes } from './pt/support-notes.ts'

/** Portuguese, as it is written in Brazil. */
export const pt: Language = {
  tag: 'pt',
  name: 'Português',
  seconds: '{n} s',
  span: '{least}-{most} s',
  labelled: '{label}: {text}',
  list: '{a}, {b}',
  sentences: '{a} {b}',
  or: '{a} ou {b}',
  aside: '{a} ({b})',
  quoted: '“{text}”',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: 'Não usada.',
    protocol: 'Para o próprio protocolo, suas revisões e extensões com especificação pública.',
    registered: 'Para bibliotecas, frameworks e aplicações, registrada na IANA por ordem de chegada.',
    private:
      'Para uso privado, por acordo; não pode ser registrada. O mesmo número quer dizer coisas diferentes.',
    outside: 'Em nenhuma faixa: não é um código de fechamento.',
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
