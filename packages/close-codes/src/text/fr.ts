import { command } from './fr/command.ts'
import { comparison } from './fr/comparison.ts'
import { ecosystems, withoutOwnCodes } from './fr/ecosystems.ts'
import { labels } from './fr/labels.ts'
import { measured } from './fr/measured.ts'
import { neverSent } from './fr/never-sent.ts'
import { page } from './fr/page.ts'
import { protocol } from './fr/protocol.ts'
import { registered } from './fr/registered.ts'
import { supportNotes } from './fr/support-notes.ts'
import type { Language } from './language.ts'

/** French. */
export const fr: Language = {
  tag: 'fr',
  name: 'Français',
  seconds: '{n} s',
  span: '{least} à {most} s',
  labelled: '{label} : {text}',
  list: '{a}, {b}',
  sentences: '{a} {b}',
  or: '{a} ou {b}',
  aside: '{a} ({b})',
  quoted: '« {text} »',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: 'Non utilisée.',
    protocol:
      'Pour le protocole lui-même, ses révisions et les extensions dont la spécification est publique.',
    registered:
      'Pour les bibliothèques, les frameworks et les applications ; enregistrée auprès de l’IANA, premier arrivé, premier servi.',
    private:
      'Pour un usage privé, par accord ; ne peut pas être enregistrée. Un même nombre y veut dire des choses différentes.',
    outside: 'Dans aucune plage : ce n’est pas un code de fermeture.',
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
