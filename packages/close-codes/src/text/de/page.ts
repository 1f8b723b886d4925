import type { PageText } from '../language.ts'

export const page: PageText = {
  title: 'WebSocket-Close-Codes',
  intro: [
    'Die 19 registrierten Close-Codes: was jeder bedeutet, wann Sie ihn sehen, wie Sie es beheben, und ob und wann man sich neu verbindet.',
  ],
  overview: 'Alle Codes',
  ranges: 'Bereiche',
  delays: 'Wie ein Client seine Wartezeit zieht',
  delaysText: [
    'Ein Client wartet eine zufällige Zeit zwischen den beiden Zahlen, die für einen Code angegeben sind. Mit jedem weiteren Versuch verdoppelt sich die obere, bis zur Obergrenze; die untere bleibt. Eine Verbindung gilt erst dann als wiederhergestellt, wenn sie einige Sekunden gehalten hat; ein Server, der annimmt und gleich wieder schließt, setzt also nichts zurück.',
    'Endet die Begründung mit `retry=`, kommt der erste Versuch genau dann, denn der Server hat seine Clients mit Absicht verteilt. Ab dem zweiten Versuch ist `retry=` die kürzeste Wartezeit, und das Backoff läuft darüber weiter.',
    'Ein Code, der nicht in dieser Tabelle steht, aber übertragen werden darf (1016-2999, der Rest von 3000-3999, 4000-4999), bedeutet etwas, das nur die Anwendung weiß: neu verbinden, wie nach 1014. Ein Code, der nicht übertragen werden darf und doch ankam, stammt von einer defekten Gegenseite: nicht neu verbinden, wie nach 1002.',
  ],
  reasons: 'Die Begründung',
  reasonsText: [
    'Ein Close-Frame hat Platz für 125 Bytes, von denen zwei der Code sind: Eine Begründung hat höchstens 123 Bytes UTF-8. Längerer Text wird zwischen zwei Zeichen abgeschnitten.',
    'Eine Begründung darf auf `; retry=<milliseconds>` enden oder allein aus `retry=<milliseconds>` bestehen: Dezimalziffern, höchstens 86400000 (ein Tag). Der Zusatz wird nie abgeschnitten. Alles andere, was so aussieht, ist Text. Ein Gateway, das keine Nachricht des Clients weitergegeben hat, sagt das mit `; sent=0` davor: Sie können noch einmal gesendet werden, und keine kommt doppelt an.',
  ],
  support: 'Unterstützung beim Empfang',
  supportText:
    'Jede Implementierung nimmt die Codes aus RFC 6455 an. Anders bei den späteren: Von den {of} unten lehnen {restart} die Codes 1012 und 1013 ab und {badGateway} den Code 1014. Ein abgelehnter Code zeigt sich als 1002 oder 1006. Die Testsuite, nach der die meisten Bibliotheken gebaut wurden, führte 1012 und 1013 bis Februar 2016 als ungültig und 1014 bis August 2018.',
  privateCodes: 'Codes von Ökosystemen',
  privateCodesText: [
    'Codes ab 4000 sind privat, und mehrere Ökosysteme benutzen auch kleinere Zahlen in eigenem Sinn. Dieselbe Zahl bedeutet in verschiedenen Ökosystemen Verschiedenes.',
    'Vier Gewohnheiten sind verbreitet: 4000 plus ein HTTP-Status (4401, 4403: graphql-ws, Hocuspocus); die Hunderter sagen, ob man sich neu verbindet (Pusher, Centrifuge); ein einziger Code und die Ursache in der Begründung (tldraw); fortlaufend ab 4000 (Discord, Twitch, OBS, Colyseus).',
  ],
  withoutPrivateCodes: 'Ohne eigene Codes',
}
