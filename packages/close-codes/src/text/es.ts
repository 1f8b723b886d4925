import { command } from './es/command.ts'
import { comparison } from './es/comparison.ts'
import { ecosystems, withoutOwnCodes } from './es/ecosystems.ts'
import { labels } from './es/labels.ts'
import { measured } from './es/measured.ts'
import { neverSent } from './es/never-sent.ts'
import { page } from './es/page.ts'
import { protocol } from './es/protocol.ts'
import { registered } from './es/registered.ts'
import { supportNotes } from './es/support-notes.ts'
import type { Language } from './language.ts'

/** Spanish. */
export const es: Language = {
  tag: 'es',
  name: 'Español',
  seconds: '{n} s',
  span: '{least}-{most} s',
  labelled: '{label}: {text}',
  list: '{a}, {b}',
  sentences: '{a} {b}',
  or: '{a} o {b}',
  aside: '{a} ({b})',
  quoted: '«{text}»',
  codes: { ...protocol, ...neverSent, ...registered },
  ranges: {
    unused: 'No se usa.',
    protocol: 'Para el propio protocolo, sus revisiones y las extensiones con una especificación pública.',
    registered:
      'Para bibliotecas, frameworks y aplicaciones, que los registran en la IANA por orden de llegada.',
    private:
      'Para uso privado, por acuerdo; no se puede registrar. El mismo número significa cosas distintas.',
    outside: 'En ningún rango: no es un código de cierre.',
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
