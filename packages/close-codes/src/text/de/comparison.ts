import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} und {b}',
  differences: 'Wichtigste Unterschiede',
  common: 'Gemeinsamkeiten',
  choice: 'Wann welcher',
  join: '{a}; {b}.',

  sender: {
    anyone: '{n} kann von beiden Enden kommen oder von einem Gateway dazwischen',
    ends: '{n} kommt von einem der beiden Enden, nie von einem Gateway',
    client: '{n} kommt nur von Clients',
    server: '{n} kommt vom Server oder von einem Gateway davor',
    gateway: '{n} kommt nur von Gateways',
    nobody: '{n} sendet niemand',
  },
  occasion: {
    planned: '{n} ist geplant',
    overload: '{n} spricht von zu viel Last',
    refusal: '{n} ist eine Ablehnung',
    fault: '{n} meldet einen Fehler',
    untold: '{n} sagt nicht, warum',
  },
  mend: {
    nothing: 'nach {n} gibt es nichts zu beheben',
    sender: 'nach {n} suchen Sie auf der Seite, die das Close gesendet hat',
    receiver: 'nach {n} suchen Sie auf der Seite, die das Close empfangen hat',
    server: 'nach {n} suchen Sie beim Server',
    credentials: 'nach {n} suchen Sie beim Client und seinen Zugangsdaten',
    rights: 'nach {n} suchen Sie bei den Rechten, die der Server dem Client gewährt',
    upstream: 'nach {n} suchen Sie hinter dem Gateway, beim Upstream und auf dem Weg dorthin',
    tls: 'nach {n} suchen Sie beim Zertifikat und den TLS-Einstellungen',
    anywhere: '{n} lässt offen, wo zu suchen ist: der Server, das Netz, jeder Proxy dazwischen',
  },
  wire: {
    code: '{n} wird in einem Close-Frame übertragen',
    'empty-close': 'bei {n} wird ein Close-Frame ohne Code übertragen (`wasClean` ist wahr)',
    'no-close':
      'bei {n} wird kein Close-Frame übertragen, die Verbindung endet einfach (`wasClean` ist falsch)',
    'no-handshake': 'bei {n} wird nichts übertragen, denn es kam keine Verbindung zustande',
    forbidden: '{n} darf nicht übertragen werden',
  },
  script: {
    yes: 'ein Skript im Browser darf {n} senden',
    no: 'ein Skript im Browser kann {n} empfangen, aber nicht senden',
  },
  comeBack: {
    stop: 'nach {n} verbindet sich ein Client nicht neu, bis sich etwas geändert hat',
    reconnect:
      'nach {n} verbindet sich ein Client neu, zuerst nach zufälligen {span}, später in Abständen von höchstens {cap}',
    delays:
      'Ein Client verbindet sich nach beiden neu: nach {a} wartet er zuerst zufällige {spanA}, nach {b} dagegen {spanB}; spätere Versuche folgen in Abständen von höchstens {cap}.',
    delaysAndCaps:
      'Ein Client verbindet sich nach beiden neu: nach {a} wartet er zuerst zufällige {spanA} und später bis zu {capA}; nach {b} {spanB} und später bis zu {capB}.',
  },
  asked: {
    registration: 'der Beitrag hinter der Registrierung von {n} verlangt zufällige {span}',
    rfc: 'für {n} schlägt RFC 6455 zufällige {span} vor',
    elsewhere:
      'der Beitrag hinter der Registrierung von {n} schickt den Client zu einer anderen Adresse und zur selben nur dann, wenn der Benutzer es verlangt',
    nothing: '{n} wurde ohne Wartezeit registriert',
  },
  http: {
    some: '{n} ist das Pendant zu HTTP {list}',
    none: '{n} hat kein Pendant in HTTP',
    pair: 'In HTTP wäre {a} ein Status {listA} und {b} ein Status {listB}.',
  },
  support: {
    refused: '{n} steht in RFC 6455, und doch lehnt ihn {refusing} der {of} Implementierungen ab',
    standard: '{n} steht in RFC 6455, und jede Implementierung nimmt ihn an',
    later: '{n} wurde später registriert und wird von {refusing} der {of} Implementierungen abgelehnt',
    pair: 'Beide wurden nach RFC 6455 registriert: {a} wird von {refusingA} der {of} Implementierungen abgelehnt, {b} von {refusingB}.',
  },

  both: {
    sender: {
      anyone: 'Beide können von beiden Enden kommen oder von einem Gateway dazwischen.',
      ends: 'Beide kommen von einem der beiden Enden, nie von einem Gateway.',
      server: 'Beide kommen vom Server oder von einem Gateway davor.',
      nobody: 'Niemand sendet einen von beiden.',
    },
    occasion: {
      planned: 'Beide sind geplant.',
      refusal: 'Beide sind Ablehnungen.',
      fault: 'Beide melden einen Fehler.',
      untold: 'Keiner von beiden sagt, warum.',
    },
    mend: {
      nothing: 'Nach keinem von beiden gibt es etwas zu beheben.',
      sender: 'Nach beiden suchen Sie auf der Seite, die das Close gesendet hat.',
      receiver: 'Nach beiden suchen Sie auf der Seite, die das Close empfangen hat.',
      server: 'Nach beiden suchen Sie beim Server.',
    },
    comeBack: {
      stop: 'Nach beiden verbindet sich ein Client nicht neu, bis sich etwas geändert hat.',
      reconnect:
        'Nach beiden verbindet sich ein Client neu, zuerst nach zufälligen {span}, später in Abständen von höchstens {cap}.',
    },
    script: {
      yes: 'Ein Skript im Browser darf beide senden.',
      no: 'Ein Skript im Browser kann beide empfangen, aber keinen senden.',
    },
    http: {
      some: 'Beide entsprechen HTTP {list}.',
      none: 'Keiner von beiden hat ein Pendant in HTTP.',
    },
    support: {
      standard: 'Beide stehen in RFC 6455, und jede Implementierung nimmt sie an.',
      later:
        'Beide wurden nach RFC 6455 registriert, und jeder wird von {refusing} der {of} Implementierungen abgelehnt.',
    },
  },
  notes: {
    narrower: '{x} sagt mehr als {y}: Ziehen Sie ihn vor, wo immer er zutrifft.',
    narrowerButRefused:
      '{x} sagt mehr als {y}: Ziehen Sie ihn vor, wo immer er zutrifft. Wo der Empfänger {x} ablehnt, ist {y} die nächstbeste Wahl.',
    oneEvent:
      'Folgt {y} dicht auf {x}, beschreiben beide dasselbe Ereignis: Der Server hinter dem Gateway ist weg, und sein Nachfolger nimmt noch keine Verbindungen an.',
    strands:
      'Ein Server, der mit {x} herunterfährt, lässt seine Clients getrennt zurück: Die meisten halten das für endgültig. Senden Sie beim Herunterfahren {y}.',
    earlyReturn:
      'Sich zu früh neu zu verbinden kostet nach {x} einen Versuch mehr; nach {y} verlängert es die Überlast.',
    bothSides:
      'Verletzt ein Upstream das Protokoll, sagt ein Gateway beides: {x} zum Upstream und {y} zum Client, der nichts falsch gemacht hat.',
    hiddenStatus:
      'Vor dem Upgrade ist das, was {y} bedeutet, ein HTTP {http}, und eine Seite sieht nur {x}. In einem Close sieht die Seite Code und Begründung.',
    unsaid: 'Wer ohne Close geht, hinterlässt der Gegenseite nur {x}, auch wenn er {y} sagen wollte.',
    diedFirst: 'Ein Prozess, der stirbt, bevor er {y} sagen kann, hinterlässt der Gegenseite nur {x}.',
    noNumber: 'Wer {y} meint, aber `close()` ohne Code aufruft, hinterlässt der Gegenseite nur {x}.',
    refusedAs:
      'Wo eine Bibliothek {y} ablehnt, was bei {refusing} von {of} der Fall ist, sieht ihre Anwendung stattdessen 1002 oder 1006.',
    hiddenTls:
      'Ein Browser meldet nie {x}: Für eine Seite ist ein gescheiterter TLS-Handshake ein {y} wie jeder andere Verlust.',
  },
}
