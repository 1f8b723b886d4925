import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: 'Die Verbindung hat ihren Zweck erfüllt und endet planmäßig.',
    says: 'Wir sind fertig. Auf Wiedersehen.',
    description:
      'Ein sauberes Ende: Eine Seite hat gesagt, dass sie fertig ist, die andere hat zugestimmt. Programme werten es als Erfolg, und die meisten Clients, die sich sonst selbst neu verbinden, tun es danach nicht.',
    whenSeen:
      'Nach `close(1000)` in einem Skript, wenn das letzte Abonnement beendet ist, wenn ein Auftrag erledigt ist, oder beim Herunterfahren eines Servers, dessen Standardwert 1000 ist.',
    howToFix: [
      'War das Ende erwartet, ist nichts zu tun.',
      'Verbinden sich Clients nach einem Deployment nicht neu, prüfen Sie, mit welchem Code der Server herunterfährt (Bandit und Vert.x verwenden standardmäßig 1000, uWebSockets, wenn eine Verbindung ihr Höchstalter erreicht hat), und stellen Sie ihn auf 1012 oder 1001 um.',
    ],
    causes: [
      'Die Anwendung hat `close(1000)` aufgerufen.',
      'Ein Client hatte nichts mehr zu empfangen, etwa ein GraphQL-Client nach seinem letzten Abonnement.',
      'Ein Framework sagt bei jedem Beenden 1000.',
      'Die Verbindung hat ihr Höchstalter erreicht.',
    ],
    pitfalls: [
      'phoenix.js und viele andere Clients verbinden sich nach 1000 nie neu.',
      '`close()` ohne Argument sendet nicht 1000: Das Close ist leer, und die Gegenseite sieht 1005.',
      'Eine Discord-Sitzung endet, wenn ihr Client mit 1000 oder 1001 schließt; nach jedem anderen Code lässt sie sich fortsetzen.',
    ],
    use: 'Die Arbeit ist getan, und niemand muss sich neu verbinden.',
    retry: {
      registered: 'Keine Vorgabe. Der RFC sagt, dass der Zweck der Verbindung erfüllt ist.',
      practice:
        'Nicht neu verbinden, sofern die Anwendung die Verbindung nicht noch braucht; graphql-ws verbindet sich sofort neu, solange ein Abonnement besteht.',
      holdfast:
        'Nichts ist fehlgeschlagen, also gibt es nichts zu wiederholen. Das Gateway reicht 1000 unverändert weiter.',
    },
  },
  goingAway: {
    meaning: 'Der Endpunkt geht: Ein Server fährt herunter, oder ein Browser verlässt die Seite.',
    says: 'Ich gehe.',
    description:
      'Der häufigste Code beim Herunterfahren und der einzige, den RFC 6455 dafür vorsieht. Er sagt, dass der Endpunkt geht, aber nicht, ob und wann er wieder erreichbar ist.',
    whenSeen:
      'Deployments und Scale-downs (Server mit Python websockets, Java-WebSocket, graphql-ws oder aiohttp), Reloads von Caddy, Neustarts von Edge-Knoten bei Cloudflare, AWS API Gateway nach zehn Minuten Leerlauf oder zwei Stunden, Discord, wenn es seine Clients zum Neuverbinden auffordert. Auf einem Server immer dann, wenn jemand den Tab schließt.',
    howToFix: [
      'Lassen Sie den Client sich nach einer zufälligen Wartezeit neu verbinden.',
      'Verteilen Sie auf dem Server die Schließungen über einige Sekunden; startet der Server wieder, senden Sie stattdessen 1012.',
      'Gegen eine Leerlaufgrenze senden Sie rechtzeitig vor ihrem Ablauf Pings.',
      'Gegen ein Höchstalter öffnen Sie die nächste Verbindung vor der Grenze und ziehen um.',
    ],
    causes: [
      'Ein Server, Worker oder Proxy wird beendet.',
      'Ein Proxy lädt seine Konfiguration neu, oder ein Edge-Knoten startet neu.',
      'Eine Leerlaufzeit oder ein Höchstalter wurde erreicht.',
      'Der Benutzer hat die Seite verlassen.',
    ],
    pitfalls: [
      'Ein Skript kann ihn nicht senden: `close(1001)` wirft `InvalidAccessError`.',
      'Python websockets wertet ihn als normales Ende, sodass eine `async for`-Schleife über Nachrichten einfach aufhört.',
      'Ein Client, der sich nach 1001 nicht neu verbindet, wie sockette, ist nach jedem Reload von Caddy getrennt.',
    ],
    use: 'Sie werden beendet und wissen nicht, ob Sie wieder erreichbar sein werden: endgültiges Herunterfahren, Scale-down, erreichtes Höchstalter.',
    retry: {
      registered:
        'Nichts für diesen Code. Für abnormale Schließungen verlangt RFC 6455, Abschnitt 7.2.3, eine zufällige erste Wartezeit, etwa 0–5 s, und exponentielles Backoff.',
      practice: 'Nach kurzer zufälliger Wartezeit neu verbinden, dann die Abstände vergrößern.',
      holdfast:
        'Der Server ist fort und hat nicht gesagt, für wie lange: wie eine verlorene Verbindung behandelt. Das Gateway sagt 1001 nur zu Upstreams, wenn es seine Verbindungen geordnet abbaut.',
    },
  },
  protocolError: {
    meaning: 'Die Gegenseite hat das WebSocket-Protokoll verletzt.',
    says: 'Was Sie gesendet haben, ist kein WebSocket.',
    description:
      'Eine Seite hat etwas empfangen, das RFC 6455 nicht erlaubt: ein falsches Maskenbit, ein reserviertes Bit oder einen reservierten Opcode, fehlerhafte Fragmentierung, einen zu langen Control-Frame oder einen Close-Code, den sie nicht kennt.',
    whenSeen:
      'Selbst geschriebene Clients und Server, Proxys, die an Frames rühren, nicht zusammenpassende Kompression, HTTP-Bytes auf einem umgeschalteten Socket, oder ein neuerer Close-Code an eine Bibliothek mit alter Liste.',
    howToFix: [
      'Zeichnen Sie die Frames auf und prüfen Sie Masken (Clients maskieren, Server nie), reservierte Bits, Opcodes und Fragmentierung.',
      'Antwortet 1002 auf ein Close mit 1012, 1013, 1014 oder 3000-3999, lehnt die empfangende Bibliothek diesen Code ab: Aktualisieren Sie sie, oder konfigurieren Sie einen anderen Code dafür.',
      'Nehmen Sie die Proxys aus dem Weg und versuchen Sie es erneut.',
      'Lassen Sie die Autobahn-Testsuite gegen die Seite laufen, die Sie geschrieben haben.',
    ],
    causes: [
      'Ein Client-Frame ohne Maske, oder ein Server-Frame mit einer.',
      'Ein komprimierter Frame, obwohl keine Kompression vereinbart war.',
      'Ungültiges UTF-8 oder ein unbekannter Code in einem Close.',
      'Daten, die an der Bibliothek vorbei auf den Socket geschrieben wurden.',
    ],
    pitfalls: [
      'gorilla/websocket beantwortet 1014 mit 1002 und liefert einen Fehler, für den `IsCloseError` und `IsUnexpectedCloseError` beide falsch sind.',
      'Er ist nicht für falsche Eingaben an die Anwendung da: Nehmen Sie 1008 oder einen eigenen Code.',
    ],
    use: 'Die Gegenseite hat gesendet, was RFC 6455 verbietet. Ihre Bibliothek sagt es für Sie.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice:
        'Nicht neu verbinden, denn dieselben Bytes ergeben denselben Fehler. Ein weiterer Versuch ist vertretbar, um einen Proxy auszuschließen, der einen Frame beschädigt hat.',
      holdfast:
        'Das Gateway sagt 1002 zu einem Client, der das Protokoll verletzt. Verletzt es ein Upstream, erfährt dieser 1002 und der Client 1014, denn der Client hat nichts falsch gemacht.',
    },
  },
  unsupportedData: {
    meaning: 'Der Endpunkt nimmt diese Art von Daten nicht an, etwa Binärdaten, wo er nur Text versteht.',
    says: 'Nachrichten dieser Art nehme ich nicht an.',
    description: 'Es geht um die Art einer Nachricht, Text oder binär, nicht um ihren Inhalt.',
    whenSeen:
      'Ein `Blob` oder `ArrayBuffer` an einen JSON-Endpunkt, oder Text an einen Dienst, der Protobuf oder Audio erwartet. AWS API Gateway dokumentiert ihn für Binärnachrichten, die seine WebSocket-APIs nicht annehmen.',
    howToFix: [
      'Senden Sie Text, wo Text erwartet wird: `JSON.stringify`, oder Base64 für Bytes.',
      'Oder lassen Sie den Endpunkt Binärnachrichten annehmen.',
      'Prüfen Sie, welche Art Ihr Aufruf von `send` wirklich sendet.',
    ],
    causes: [
      'Eine Binärnachricht an einen Endpunkt, der nur Text annimmt.',
      'Eine Textnachricht an einen Endpunkt, der nur Binärdaten annimmt.',
    ],
    pitfalls: [
      'Fehlerhaftes JSON in einer Textnachricht ist nicht 1003: Nehmen Sie 1007, 1008 oder einen eigenen Code.',
    ],
    use: 'Sie nehmen nur Text und haben Binärdaten bekommen, oder umgekehrt.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden, bis der Sender korrigiert ist.',
      holdfast:
        'Nur eine Änderung beim Sender hilft. Das Gateway sieht nicht in Nachrichten hinein, sagt also 1003 nie selbst; es reicht ihn weiter.',
    },
  },
  invalidPayload: {
    meaning: 'Die Bytes einer Nachricht passen nicht zu ihrer Art, etwa Text, der kein UTF-8 ist.',
    says: 'Ich kann nicht decodieren, was Sie gesendet haben.',
    description:
      'Die Frames waren zulässig, aber ihr Inhalt ließ sich nicht decodieren: Text, der kein UTF-8 ist, oder komprimierte Daten, die sich nicht dekomprimieren lassen.',
    whenSeen:
      'Latin-1 oder eine mitten im Zeichen abgeschnittene Zeichenkette, als Text gesendet; Bytes, als Text gesendet; beschädigte Kompression. Gemini Live verwendet ihn für ungültige Argumente und sogar für einen abgelaufenen Schlüssel.',
    howToFix: [
      'Lesen Sie die Begründung: Dienste schreiben die wahre Ursache dort hinein.',
      'Codieren Sie Text als UTF-8 und schneiden Sie ihn nie mitten im Zeichen ab.',
      'Senden Sie Bytes als Binärnachrichten.',
      'Tritt er nur mit Kompression auf, schalten Sie permessage-deflate auf einer Seite ab, um zu sehen, an welcher es liegt.',
    ],
    causes: [
      'Ein falscher Zeichensatz.',
      'Binärdaten, als Text gesendet.',
      'Komprimierte Daten, die sich nicht dekomprimieren lassen.',
      'Ein Dienst mit eigener Bedeutung, etwa „ungültiges Argument“.',
    ],
    pitfalls: [
      'Ungültiges UTF-8 in der Begründung eines Close führt in ws und Node zu 1007, in Chromium zu 1002.',
      'Ein Programm, das die Begründung verwirft, verbirgt die Ursache.',
    ],
    use: 'Die Frames sind zulässig, aber mit ihren Bytes können Sie nichts anfangen. Sagen Sie in der Begründung, mit welchen.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden, bis die Daten oder die Konfiguration korrigiert sind.',
      holdfast:
        'Nur eine Änderung beim Sender hilft. Das Gateway leitet Nutzdaten unberührt weiter; die Bytes sind so, wie der Sender sie geschrieben hat.',
    },
  },
  policyViolation: {
    meaning: 'Die Gegenseite hat eine Regel des Endpunkts verletzt. Die allgemeine Ablehnung.',
    says: 'Sie haben eine meiner Regeln verletzt.',
    description:
      'Für alles, was nicht erlaubt ist und keinen besseren Code hat, oder wenn der Server nicht mehr sagen will.',
    whenSeen:
      'Ein fehlendes oder abgelaufenes Token, ein falscher `Origin`, zu viele Anfragen (AWS API Gateway), zu viele Fragmente (ws, undici), ein unbekanntes Modell (Gemini Live) und die meisten FastAPI-Tutorials.',
    howToFix: [
      'Lesen Sie die Begründung.',
      'Erneuern Sie die Zugangsdaten; prüfen Sie `Origin` und Berechtigungen.',
      'Geht es um ein Rate-Limit, senden Sie weniger und verbinden Sie sich nach einer Pause von 30–60 s neu.',
      'Als Autor eines Servers ziehen Sie 3000, 3003 oder dokumentierte eigene Codes vor, damit Clients die Fälle unterscheiden können.',
    ],
    causes: [
      'Authentifizierung oder Autorisierung sind fehlgeschlagen.',
      'Der `Origin` ist nicht zugelassen.',
      'Ein Rate-Limit wurde überschritten.',
      'Eine Grenze gegen Missbrauch wurde erreicht.',
    ],
    pitfalls: [
      'Ein Server, der erst annimmt und dann 1008 sagt, setzt das Backoff eines naiven Clients jedes Mal zurück: Setzen Sie es erst zurück, wenn die Verbindung einige Sekunden gehalten hat.',
      'Eine Ablehnung vor dem Upgrade ist HTTP 403, was ein Browser als 1006 zeigt.',
    ],
    use: 'Sie lehnen ab, und kein engerer Code passt, oder Sie wollen nichts preisgeben.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice:
        'Nicht neu verbinden, bis sich etwas geändert hat; nach einem Rate-Limit etwa eine Minute lang.',
      holdfast:
        'Derselbe Client würde dieselbe Regel wieder verletzen. Das Gateway sagt 1008 zu einem Client über `limits.messagesPerSecond` und, mit `rejections: close`, bei einer HTTP-Ablehnung, die keinen eigenen Code hat.',
    },
  },
  messageTooBig: {
    meaning: 'Eine Nachricht ist größer, als der Endpunkt anzunehmen bereit ist.',
    says: 'Diese Nachricht ist mir zu groß.',
    description:
      'Eine Grenze wurde erreicht: für einen Frame, für eine ganze Nachricht oder für eine Nachricht nach dem Dekomprimieren.',
    whenSeen:
      'Große JSON-Abbilder, Bilder in Base64, Audioabschnitte. Die Grenzen liegen weit auseinander: 16 MiB als Standard in Uvicorn, 8 MB für fragmentierte Nachrichten in Bandit.',
    howToFix: [
      'Teilen oder komprimieren Sie die Daten, oder laden Sie sie über HTTP hoch und senden Sie einen Link.',
      'Oder heben Sie die Grenze an: `maxPayload` in ws, `--ws-max-size` in Uvicorn, `max_size` in Python websockets, `limits.messageBytes` in Holdfast.',
    ],
    causes: [
      'Eine Nachricht über der konfigurierten Grenze.',
      'Ein Schutz gegen Dekompressionsbomben.',
      'Eine Grenze in einem Proxy oder Gateway auf dem Weg.',
    ],
    pitfalls: [
      'Die Grenze kann Ihre eigene sein: Auch Client-Bibliotheken haben eine, und dann war es Ihre Seite, die geschlossen hat.',
      'Eine Nachricht, die auf der Leitung klein ist, kann dekomprimiert zu groß sein.',
    ],
    use: 'Eine Nachricht liegt über Ihrer Grenze. Nennen Sie die Grenze in der Begründung.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice:
        'Uneinheitlich: neu verbinden, aber diese Nachricht nicht noch einmal senden; centrifuge-js hört auf.',
      holdfast:
        'Ein Client, der sich neu verbindet und dieselbe Nachricht wieder sendet, käme nie ans Ende. Das Gateway sagt 1009 bei einer Nachricht über `limits.messageBytes`.',
    },
  },
  mandatoryExtension: {
    meaning: 'Der Client braucht eine Erweiterung, der der Server nicht zugestimmt hat.',
    says: 'Ich brauche eine Erweiterung, der Sie nicht zugestimmt haben.',
    description:
      'Nur ein Client sendet ihn, mit den fehlenden Erweiterungen in der Begründung. Ein Server, dem eine fehlt, lässt stattdessen den Handshake scheitern.',
    whenSeen: 'Sehr selten: Clients, die auf permessage-deflate oder einer eigenen Erweiterung bestehen.',
    howToFix: [
      'Schalten Sie die Erweiterung auf dem Server ein.',
      'Lassen Sie jeden Proxy auf dem Weg `Sec-WebSocket-Extensions` durchreichen.',
      'Oder machen Sie die Erweiterung im Client entbehrlich.',
    ],
    causes: [
      'Der Server hat die Erweiterung nicht.',
      'Ein Proxy auf dem Weg entfernt `Sec-WebSocket-Extensions`.',
    ],
    pitfalls: ['Der HTTP-Client des JDK hält ihn für unzulässig, wenn ein Server ihn sendet.'],
    use: 'Nur als Client, der ohne eine Erweiterung nicht arbeiten kann. Nennen Sie sie in der Begründung.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden: Die Konfiguration muss sich ändern.',
      holdfast:
        'Ein zweiter Versuch endet genauso. Das Gateway reicht Angebote, Zusagen und diesen Code durch.',
    },
  },
  internalError: {
    meaning:
      'Der Endpunkt ist auf etwas gestoßen, womit er nicht gerechnet hat, und kann nicht weitermachen.',
    says: 'In mir ist etwas kaputtgegangen.',
    description:
      'Das Pendant zu HTTP 500. RFC 6455 sieht ihn für Server vor; Erratum 3227 und die Registry haben ihn auf jeden Endpunkt ausgeweitet.',
    whenSeen:
      'Eine nicht abgefangene Ausnahme in einem Handler, ein unbeantworteter Ping (Python websockets), ein verlorenes Backend in einem Proxy, eine ASGI-Anwendung, die endete, ohne zu schließen (Hypercorn, Daphne), Störungen und Kontingente von KI-Sprachdiensten.',
    howToFix: [
      'Lesen Sie das Log des Servers zu genau dieser Sekunde; dort sollte ein Stacktrace stehen.',
      'Nennt die Begründung einen unbeantworteten Ping, suchen Sie nach einer blockierten Event-Loop oder einem langsamen Netz, bevor Sie an den Zeitgrenzen drehen.',
      'Gehört der Server nicht Ihnen, melden Sie Begründung und Uhrzeit.',
    ],
    causes: [
      'Eine Ausnahme, die niemand abgefangen hat.',
      'Ein Keepalive-Ping ohne Antwort.',
      'Eine Anwendung, die sich beendete, ohne zu schließen.',
      'Ein Proxy, der sein Backend verloren hat.',
    ],
    pitfalls: [
      '`sent 1011` in einem Python-Log heißt, dass Ihre eigene Seite geschlossen hat.',
      'Viele Proxys sagen 1011 für ein verlorenes Backend, wo 1014 mehr verraten würde.',
      'Ein Absturz kann mit derselben Eingabe wiederkehren: Hören Sie nach einigen Versuchen auf, oder schlagen Sie Alarm.',
    ],
    use: 'Bei Ihnen ist etwas fehlgeschlagen, woran niemand sonst schuld ist. Schreiben Sie keinen Stacktrace in die Begründung.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Mit Backoff neu verbinden; nach einigen Versuchen aufhören oder Alarm schlagen.',
      holdfast:
        'Die Störung kann vorbei sein, und eine andere Instanz hat sie vielleicht nicht: wie eine verlorene Verbindung behandelt. Das Gateway sagt 1011 nur bei einem eigenen Fehler, zu beiden Seiten.',
    },
  },
}
