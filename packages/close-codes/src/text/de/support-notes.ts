import type { SupportNotes } from '../language.ts'

export const supportNotes: SupportNotes = {
  chromium: 'Lehnt nur 1005, 1006 und 1015 ab; selbst 999, 1004 und 2000 gehen durch.',
  firefox: 'Sieht nicht auf die Zahl, nur auf das UTF-8 der Begründung.',
  ws: '1012 und 1013 seit Oktober 2016, 1014 seit Januar 2020.',
  websockets: 'Wertet nur 1000, 1001 und 1005 als normales Ende.',
  aiohttp: '1013 und 1014 seit November 2020; lässt auch 1006 durch.',
  'websocket-client': '1.2.3, wie in Debian 12, lehnt 1012 und 1013 ab.',
  tornado: 'Prüft nicht; schickt den Code als Echo zurück.',
  autobahn: 'Führt 1014 noch als nicht vergeben.',
  gorilla:
    'Beantwortet 1014 mit 1002 `bad close code 1014` und liefert einen Fehler, der kein `*CloseError` ist.',
  tungstenite: 'Beantwortet 1014 mit 1002 und meldet 1002.',
  soketto: 'Nimmt 1015 an.',
  dotnet: 'Seit März 2023; ältere brechen die Verbindung ab.',
  jdk: 'Lehnt 1010 ab; sein Client darf 1012-1014 nicht senden.',
  netty: 'Seit Dezember 2018.',
  okhttp: 'Lehnt 1004-1006 und 1015-2999 ab; 3.x auch 1012-1014.',
  cowlib: 'Lehnt 1012-2999 mit 1002 ab; das Senden von 1012 funktioniert.',
  bandit: 'Nennt der Anwendung den Code, beantwortet 1012-1014 eines Clients aber mit 1002.',
  uwebsockets: 'Meldet 1006 `invalid close payload` für 1012-3999.',
  'libwebsockets-server': 'Macht daraus 1002.',
  'libwebsockets-client': 'Nimmt 1015 an; 4.1.6 lehnt 1012-1015 ab.',
  beast: '1.74 antwortet auf 1014 mit 1002.',
  starscream: '1012 seit 3.0 (2017).',
  'websocket-node': 'Nimmt 1015 an.',
  dart: 'Kann 1012-1014 nicht senden; was es beim Empfang tut, wurde in der Quelle gelesen, nicht ausprobiert.',
}
