import type { SiteText } from './site-text.ts'

export const de: SiteText = {
  skip: 'Zum Inhalt',
  navigation: 'Bereiche der Website',
  languages: 'Sprachen',
  search: 'Suchen',
  searchHint: '1006, Neustart, nginx …',
  nothingFound: 'Nichts gefunden für „{query}“.',
  footer:
    'Alles auf dieser Seite stammt aus einer einzigen Tabelle, die auch das Programm selbst verwendet. Die Seite fragt keinen anderen Server.',
  asJson: 'Diese Seite als JSON',
  sections: {
    codes: 'Close-Codes',
    compare: 'Vergleichen',
    who: 'Wer was sendet',
    diagnose: 'Diagnose',
    frame: 'Frames',
    tryIt: 'Ausprobieren',
    guide: 'Anleitung',
    api: 'API',
  },
  category: 'WebSocket-Close-Codes',
  home: {
    title: 'WebSocket-Close-Codes: was sie bedeuten und was zu tun ist',
    description:
      'Die 19 registrierten WebSocket-Close-Codes, jedes Paar im Vergleich, und Werkzeuge, um herauszufinden, warum eine Verbindung endete.',
    intro:
      'Ihr WebSocket wurde geschlossen, und alles, was Sie haben, ist eine Zahl. Hier steht, was sie bedeutet, wer sie sendet und was zu tun ist.',
    start: 'Sie haben eine Zahl',
    about: {
      codes:
        'Jeder registrierte Code: was er bedeutet, wann er auftritt, wie man das Problem behebt und ob sich der Client neu verbinden soll.',
      compare: 'Zwei Codes nebeneinander, und welcher wann der richtige ist.',
      who: 'Was Server, Proxys und Clients tatsächlich tun, wenn sie stoppen oder ausfallen: gemessen.',
      diagnose:
        'Fügen Sie die Konfiguration Ihres Proxys ein und sehen Sie die Zeile, an der WebSockets scheitern. Nichts verlässt die Seite.',
      frame:
        'Frames aus Hexadezimaltext, einer HAR-Datei oder einem Mitschnitt dekodieren und sehen, warum die Verbindung endete.',
      tryIt:
        'Einen echten Server stoppen, abschießen oder hängen lassen und beobachten, was ein Client sieht, mit und ohne Holdfast.',
      guide: 'Holdfast betreiben, von der ersten Minute bis zu mehreren Maschinen.',
      api: 'Die Schnittstellen der Pakete.',
    },
  },
  codePage: {
    description: 'WebSocket-Close-Code {code} {name}: {meaning}',
    compareWith: 'Vergleichen mit',
    inEcosystems: 'Was andere damit meinen',
  },
  pairPage: {
    whatItIs: 'Was es ist',
    differences: 'Die wichtigsten Unterschiede',
    common: 'Was beide gemeinsam haben',
    whichToUse: 'Wann welcher',
    whoSends: 'Wer ihn sendet',
    clients: 'Was Clients damit tun',
    onTheWire: 'Auf der Leitung',
    linesToWrite: 'Was zu schreiben ist',
    nothingToWrite: 'Nichts: Kein Programm sendet ihn.',
    notes: 'Gut zu wissen',
    description:
      '{a} oder {b}? Was die beiden WebSocket-Close-Codes unterscheidet, wann sie auftreten, wie man das Problem behebt und welcher wann der richtige ist.',
    often: 'Oft verglichen',
    all: 'Alle Paare',
    intro:
      'Zwei Close-Codes nebeneinander: was sie unterscheidet, wann welcher auftritt und welchen man sendet.',
  },
  wire: {
    noFrame: '{code} steht nie in einem Frame.',
    example: 'Ein Close-Frame eines Servers, Byte für Byte:',
    head: 'letztes Fragment, Opcode 8 (Close), und die Länge dessen, was folgt',
    number: 'der Code, {code}, als 16-Bit-Zahl',
    reason: 'der Grund, UTF-8: {reason}',
  },
}
