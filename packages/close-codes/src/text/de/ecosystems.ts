import type { EcosystemTexts, InsteadTexts } from '../language.ts'

export const ecosystems: EcosystemTexts = {
  'graphql-ws': {
    rule: 'Andere 1xxx-Codes sind endgültig, außer 1000, 1001, 1005, 1006 und 1012-1014. Der Client wartet 2^n s plus 0,3–3 s, fünfmal.',
    codes: {
      4400: 'die Nachricht gehört nicht zum Protokoll',
      4401: 'eine Operation, bevor die Verbindung bestätigt war; es geht nicht um falsche Zugangsdaten',
      4403: 'der Server lehnt die Verbindung ab; Zugang kann später gewährt werden',
      4406: 'kein gemeinsames Subprotokoll',
      4408: '`connection_init` kam nicht rechtzeitig',
      4409: 'die ID der Operation ist vergeben',
      4429: '`connection_init` kam zweimal',
      4500: 'der Server hat eine Ausnahme geworfen',
      4004: 'der Client bekam eine ungültige Nachricht',
      4005: 'der Client hat eine Ausnahme geworfen',
      4504: 'die Bestätigung kam nicht rechtzeitig',
      4499: 'vom Client selbst erzeugt, durch `client.terminate()`',
    },
  },
  discord: {
    note: 'Ein Client, der mit 1000 oder 1001 schließt, beendet seine Sitzung; mit jedem anderen Code kann er sie fortsetzen.',
    codes: {
      4000: 'erneut verbinden',
      4001: 'ungültiger Opcode oder Inhalt',
      4002: 'ungültiger Inhalt',
      4003: 'eine Nachricht vor identify, oder die Sitzung gilt nicht mehr',
      4004: 'falsches Token',
      4005: 'zweimal identifiziert',
      4007: 'falsche Sequenz beim Fortsetzen; neue Sitzung beginnen',
      4008: 'zu viele Nachrichten',
      4009: 'neue Sitzung beginnen',
      4014: 'nicht aktiviert oder nicht genehmigt',
    },
  },
  'discord-voice': {
    note: 'Lavalink reicht sie weiter und hat keine eigenen Codes.',
    codes: {
      4014: 'hinausgeworfen, oder die Hauptsitzung brach ab',
      4015: 'fortzusetzen versuchen',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099: nicht unverändert neu verbinden. 4100-4199: nach einer Sekunde oder mehr neu verbinden. 4200-4299: sofort neu verbinden.',
    note: '4301 und 4302 kommen in Fehlerereignissen, nicht in einem Close.',
    codes: {
      4000: 'mit `wss://` neu verbinden',
      4100: 'eine Sekunde oder mehr warten',
      4202: '24 Stunden ohne Aktivität und ohne Ping des Clients',
    },
  },
  centrifuge: {
    rule: '3000-3499 und 4000-4499: neu verbinden, Backoff 0,5–20 s. 3500-3999, 4500-4999 und 1009: nicht neu verbinden.',
    codes: {
      3000: 'keine Vorgabe des Servers; die Registry hat hier Unauthorized',
      3001: 'der Knoten fährt herunter',
      3008: 'der Client liest zu langsam; die Registry hat hier Timeout',
      3502: 'hat sich nicht rechtzeitig angemeldet',
    },
  },
  twitch: {
    codes: {
      4000: 'wie HTTP 500',
      4001: 'nur Pongs sind erlaubt',
      4003: 'innerhalb von 10 s nichts abonniert',
      4004: '30 s nach `session_reconnect`',
      4005: 'vergeht von selbst',
      4006: 'vergeht von selbst',
      4007: 'die URL zum Wiederverbinden ist ungültig; die Standard-URL nehmen',
    },
  },
  obs: {
    codes: {
      4009: 'mit einem anderen Passwort neu verbinden',
      4011: 'vom Benutzer von OBS hinausgeworfen; ein Client darf sich nicht von selbst neu verbinden',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: 'ein Code für alle fatalen Fehler; die Begründung sagt, welcher: NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: 'der Client ist absichtlich gegangen',
    },
  },
  socketcluster: {
    rule: '4000, 4001 und 1005: sofort neu verbinden. 1000 und alles ab 4500: nicht neu verbinden. Der Rest: nach 10–20 s neu verbinden.',
  },
  sockjs: {
    note: 'In eigenen Frames von SockJS übertragen (`c[...]`); nicht immer ein echter Close-Code.',
    codes: {
      3000: 'die Sitzung ist geschlossen; die Registry hat hier Unauthorized',
    },
  },
  websocketpp: {
    codes: {
      3000: 'die Registry hat hier Unauthorized',
    },
  },
  spring: {
    note: 'Dieselbe Zahl bedeutet in graphql-ws etwas anderes.',
    codes: {
      4500: 'eine Nachricht ließ sich nicht innerhalb der Grenzen senden',
    },
  },
  openai: {
    note: 'Beobachtet im Oktober 2024.',
    codes: {
      3000: 'falscher Schlüssel; passt zur registrierten Bedeutung',
    },
  },
  gemini: {
    note: 'Registrierte Codes, als Anwendungsfehler benutzt; die Begründung enthält die wahre Ursache.',
    codes: {
      1007: 'ein ungültiges Argument oder ein abgelaufener API-Schlüssel',
      1008: 'eine unbekannte Entität oder ein unbekanntes Modell',
      1011: 'ein interner Fehler oder ein Kontingent',
    },
  },
  aws: {
    note: '1013 und 1014 stehen nicht in seiner Liste.',
    codes: {
      1001: '10 Minuten im Leerlauf oder 2 Stunden alt',
      1003: 'Binärnachrichten werden nicht unterstützt',
      1005: 'der Client hat ohne Code geschlossen',
      1006: 'die Verbindung endete ohne Close',
      1008: 'zu viele Anfragen von einem Client',
      1009: 'eine Nachricht über der Grenze',
      1011: 'ein Fehler des Dienstes',
      1012: 'der Dienst startet neu',
    },
  },
  pandascore: {
    note: 'Ein Beispiel für 4000 plus einen verkürzten HTTP-Status.',
    codes: {
      4001: 'kein Token',
      4003: 'nicht im Tarif enthalten',
      4029: 'drei pro Spiel',
    },
  },
  fluxer: {
    note: 'Die übrigen Codes sind die von Discord Gateway, 4000-4012.',
  },
  'fastify-http-proxy': {
    note: 'Es zählt 3000 zu 1004, 1005 und 1006 hinzu, die nicht auf die Leitung dürfen. Gesehen mit 11.6.3; eigene Clients hat es nicht.',
    codes: {
      4005: 'der Upstream hat ohne Code geschlossen',
      4006: 'die Verbindung zum Upstream ging verloren',
    },
  },
}

export const withoutOwnCodes: InsteadTexts = {
  slack:
    'eine Nachricht `disconnect`, deren Begründung warning, refresh_requested, link_disabled oder too_many_websockets ist',
  binance: 'ein Ereignis `serverShutdown`; höchstens 24 Stunden; ein Pong innerhalb einer Minute',
  homeAssistant:
    'eine Nachricht `auth_invalid`; der Client wartet jedes Mal eine Sekunde länger, höchstens fünf',
  yWebsocket: 'beachtet den Code nicht; wartet 100 ms * 2^n, höchstens 2,5 s',
  socketIo: 'schließt ohne Code, sodass die Gegenseite 1005 meldet; eigene Begründungstexte',
  appSync: 'Nachrichten `connection_error`; exponentielles Backoff mit Jitter',
}
