import type { RegisteredText } from '../language.ts'

export const registered: RegisteredText = {
  serviceRestart: {
    meaning: 'Der Dienst startet neu. Verbinden Sie sich neu.',
    says: 'Ich starte neu und bin gleich wieder da.',
    description:
      'Eine geplante Unterbrechung: Der Server wird absichtlich beendet, ist voraussichtlich bald wieder da und möchte, dass seine Clients sich zeitlich verteilt neu verbinden.',
    whenSeen:
      'Uvicorn bei jedem Herunterfahren und Reload (seit 0.21), Phoenix, wenn es seine Verbindungen geordnet abbaut (seit 1.7.6), AWS API Gateway, wenn es neu startet, Server, die es in ihrem SIGTERM-Handler sagen, und Holdfast, wenn es seine Verbindungen geordnet abbaut.',
    howToFix: [
      'Nichts ist kaputt: nach einer zufälligen Wartezeit neu verbinden und fortsetzen.',
      'Kommt er außerhalb von Deployments, suchen Sie nach Absturzschleifen, automatischen Reloads und recycelten Workern.',
      'Verbinden sich Clients nicht neu, prüfen Sie, ob ihre Bibliothek 1012 annimmt und ob ihre Logik zum Wiederverbinden ein sauberes Schließen nicht für ein endgültiges hält.',
      'Verbinden sich alle in derselben Sekunde neu, geben Sie dem Client Jitter, oder lassen Sie den Server jeder Verbindung ein eigenes `retry=` mitgeben.',
    ],
    causes: [
      'Ein Deployment oder Rolling Update.',
      'Ein Reload der Konfiguration, oder automatischer Reload während der Entwicklung.',
      'Recycling von Workern.',
      'Wartung eines verwalteten Gateways.',
    ],
    pitfalls: [
      'Mit einer festen Wartezeit verbinden sich alle Clients im selben Augenblick neu.',
      'Manche Bibliotheken lehnen ihn beim Empfang ab und melden einen Protokollfehler; siehe die Tabelle der Unterstützung.',
      'nginx, HAProxy und ein beendeter Prozess senden ihn nicht: Ihre Neustarts sehen aus wie 1006. Caddy und Cloudflare sagen 1001.',
      'Uvicorn sagt 1012 auch dann, wenn es nicht wieder startet.',
      'Python websockets wirft dafür `ConnectionClosedError`, nicht `ConnectionClosedOK`.',
      'Ein Skript im Browser kann ihn empfangen, aber nicht senden; auch `dart:io` kann ihn nicht senden.',
    ],
    use: 'Sie stoppen absichtlich und sind in Sekunden wieder erreichbar. Geben Sie jedem Client ein eigenes `retry=` mit.',
    retry: {
      registered:
        'Zufällige 5–30 s, laut dem Beitrag auf der Mailingliste, den die Registry für diesen Code anführt. Weder RFC 6455 noch die Tabelle der Registry nennen eine Wartezeit.',
      practice:
        'Zufällige 1–5 s, dann exponentielles Backoff: ungefähr so lange warten Socket.IO und reconnecting-websocket. Manche Clients warten nur 10–50 ms und verlassen sich darauf, dass der Server seine Schließungen verteilt, wie Phoenix es tut.',
      holdfast:
        'Befolgt `retry=`, denn nur der Server weiß, wie viele Clients er trennt und wann er wieder erreichbar ist; das Gateway gibt jeder Verbindung ihr eigenes, gleichmäßig verteilt. Ohne `retry=` gilt die kurze Spanne der Praxis, denn bei den meisten Neustarts sind schon andere Instanzen im Dienst. Wo sich Tausende von Clients mit einem einzigen Prozess neu verbinden, lassen Sie den Server `retry=` mitgeben, oder nehmen Sie die lange Spanne.',
    },
  },
  tryAgainLater: {
    meaning:
      'Der Server ist überlastet und trennt diesen Client, um Last abzuwerfen. Verbinden Sie sich später neu.',
    says: 'Ich bin ausgelastet. Verbinden Sie sich später neu.',
    description:
      'Lastabwurf (load shedding). Vorgeschlagen als „Service Overload“, registriert als „Try Again Later“. Ein Close-Frame hat kein Feld `Retry-After`; ein Hinweis muss also in der Begründung stehen.',
    whenSeen:
      'Grenzen für Verbindungen oder Räume, Überlast in Servern auf Basis von Cap’n Proto wie workerd, Rate-Limits. Von Holdfast, wenn eine Grenze des Gateways erreicht ist oder ein Upstream den Handshake mit 503 oder 429 beantwortet.',
    howToFix: [
      'Warten Sie weit länger als nach 1012, und jedes Mal länger.',
      'Weichen Sie auf einen anderen Host aus, wenn es einen gibt, und sagen Sie es dem Benutzer.',
      'Schaffen Sie auf dem Server Kapazität, oder machen Sie das Verbinden billiger.',
      'Wo Clients einen HTTP-Status lesen können, werfen Sie Last vor dem Upgrade ab: 503 mit `Retry-After` kostet weniger als eine angenommene Verbindung.',
    ],
    causes: [
      'Überlast.',
      'Ein Kontingent an Verbindungen ist ausgeschöpft.',
      'Ein Rate-Limit wurde überschritten.',
      'Wartungsmodus.',
    ],
    pitfalls: [
      'Sich schnell neu zu verbinden verschlimmert die Überlast.',
      'Die Bibliotheken, die 1012 beim Empfang ablehnen, lehnen auch 1013 ab.',
      'Vor der Annahme der Verbindung gesendet, wird daraus ein HTTP-Status, und ein Browser meldet 1006.',
    ],
    use: 'Sie funktionieren, sind aber ausgelastet. Fügen Sie `retry=` hinzu. Clients, die einen HTTP-Status lesen können, weisen Sie besser vor dem Upgrade ab.',
    retry: {
      registered:
        'Laut dem Beitrag, den die Registry anführt: nur mit einer anderen Adresse desselben Ziels verbinden, oder mit derselben, wenn der Benutzer es verlangt. Das ist strenger als der Name: kein automatisches Neuverbinden.',
      practice:
        'Uneinheitlich: Viele Clients nehmen das Backoff, das sie für jeden Code haben; solche, die ihn unterscheiden, warten 30–120 s mit Jitter und zunehmend länger.',
      holdfast:
        'Befolgt `retry=`, das das Gateway aus dem `Retry-After` eines Upstreams übernimmt oder bei eigenen Grenzen über die Zeit verteilt. Ohne wartet ein Client länger als nach jedem anderen Code und verbindet sich nie sofort neu.',
    },
  },
  badGateway: {
    meaning: 'Ein Gateway bekam keine gültige Antwort vom Server dahinter.',
    says: 'Ich funktioniere; der Server hinter mir nicht.',
    description:
      'Das Gateway selbst läuft; der Server dahinter antwortet nicht, wie er sollte. Das Pendant zu HTTP 502, für eine Verbindung, die schon ein WebSocket ist.',
    whenSeen:
      'Hinter Holdfast, wenn eine offene Verbindung ihren Upstream verliert. Ein Client, der gar keinen bekommt, erfährt es ebenso, wenn er zeigt, dass er Close-Codes versteht, oder die Route `badGateway: close` sagt; jeder andere bekommt HTTP 502, 503 oder 504 mit diesem Code im Körper. Anderswo selten: Dass nginx, HAProxy, Caddy, Cloudflare und AWS API Gateway ihn senden, war nicht festzustellen; dort zeigt sich derselbe Ausfall als HTTP 502, 1006 oder 1011.',
    howToFix: [
      'Lesen Sie die Begründung. Hinter Holdfast sagt sie, was schiefging: `connection refused`, `no answer in 5 s`, `status 500`.',
      'Prüfen Sie den Zustand des Upstreams: Läuft der Prozess, und antwortet er auf seiner eigenen Maschine? `curl -i http://HOST:PORT/PATH` muss irgendeine HTTP-Antwort zeigen.',
      'Prüfen Sie den Port: Ist es der, auf dem der Server lauscht, und kann das Gateway ihn erreichen? In einem Container ist `localhost` der Container.',
      'Prüfen Sie, ob der Proxy Upgrades weiterleitet: Host und Pfad führen zum WebSocket-Server, und jeder Proxy auf dem Weg spricht HTTP/1.1 und reicht `Connection` und `Upgrade` durch. Die Antwort muss 101 sein.',
      'Prüfen Sie TLS zwischen Gateway und Upstream: `wss://` an einen Klartext-Port, oder ein Zertifikat, dessen Prüfung fehlschlägt.',
      'Folgt er auf eine Welle von 1012, startet der Upstream gerade neu: Warten Sie, und sorgen Sie dafür, dass der neue Verbindungen annimmt, bevor der alte beendet wird.',
    ],
    causes: [
      'Der Upstream ist ausgefallen, startet neu oder hängt.',
      'Das Gateway hat einen falschen Host, Port oder Pfad.',
      'Ein Proxy zwischen Gateway und Upstream reicht das Upgrade nicht durch.',
      'Eine Seite spricht TLS und die andere nicht, oder die Prüfung des Zertifikats schlägt fehl.',
      'Der Upstream hat die Verbindung gekappt.',
    ],
    pitfalls: [
      'Kein anderer registrierter Code wird von so vielen Bibliotheken beim Empfang abgelehnt; gorilla/websocket und tungstenite beantworten ihn mit 1002. Browser nehmen ihn an.',
      'Er wurde nach 1012 und 1013 registriert, und älteren Listen fehlt er.',
      'Kleine Projekte missbrauchen ihn für „nicht angemeldet“.',
    ],
    use: 'Sie sind ein Gateway, und der Server hinter Ihnen ist unerreichbar, stumm oder antwortet falsch. Nennen Sie die Ursache in der Begründung.',
    retry: {
      registered: 'Keine Vorgabe. Die Registrierung vergleicht ihn mit HTTP 502 und nennt keine Wartezeit.',
      practice:
        'Wie nach HTTP 502: nach etwa einer Sekunde neu verbinden, mit exponentiellem Backoff und Jitter. graphql-ws verbindet sich danach neu, die WebSocket-Erweiterung von htmx nicht.',
      holdfast:
        'Beginnt kurz, weil vielleicht schon ein anderer Upstream im Dienst ist, und vergrößert die Abstände schnell, weil das Gateway die anderen schon versucht hat.',
    },
  },
  unauthorized: {
    meaning: 'Eine Anmeldung ist nötig, oder sie ist fehlgeschlagen. Wie HTTP 401.',
    says: 'Melden Sie sich erst an.',
    description:
      'Die registrierte Art, „erst anmelden“ zu sagen. Er liegt im Bereich für Bibliotheken und Frameworks; andere Software kann mit derselben Zahl etwas anderes meinen.',
    whenSeen:
      'Die OpenAI Realtime API bei falschem Schlüssel. Holdfast mit `rejections: close`, wenn ein Upstream den Handshake mit 401 beantwortet.',
    howToFix: [
      'Holen Sie neue Zugangsdaten und verbinden Sie sich dann sofort neu.',
      'Als Autor eines Servers nehmen Sie das Upgrade erst an und schließen dann mit 3000 und einer Begründung: HTTP 401 erreicht eine Seite nur als 1006.',
    ],
    causes: ['Ein Token, das fehlt, falsch oder abgelaufen ist.', 'Eine Sitzung, die beendet ist.'],
    pitfalls: [
      'SockJS („Go away!“), Centrifuge („connection closed“, neu verbinden) und WebSocket++ („subprotocol error“) benutzen dieselbe Zahl.',
      'Ein uWebSockets-Server meldet 1006, wenn ein Client irgendeinen Code von 3000 bis 3999 sendet.',
      'graphql-ws hat stattdessen 4401, und in anderem Sinn.',
    ],
    use: 'Sie wissen nicht, wer der Client ist: Er hat keine Zugangsdaten mitgebracht, oder schlechte.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden, bis es neue Zugangsdaten gibt.',
      holdfast: 'Neue Zugangsdaten kann nur die Anwendung besorgen.',
    },
  },
  forbidden: {
    meaning: 'Angemeldet, aber nicht berechtigt. Wie HTTP 403.',
    says: 'Ich kenne Sie, und Sie dürfen nicht.',
    description:
      'Die registrierte Art zu sagen: „Sie sind bekannt, und dies ist nicht für Sie.“ Er verrät mehr als 1008.',
    whenSeen:
      'Selten: Die meisten Dienste benutzen 4403 oder 1008. Holdfast mit `rejections: close`, wenn ein Upstream den Handshake mit 403 beantwortet.',
    howToFix: [
      'Prüfen Sie Rollen, Tarif und die Rechte am Kanal.',
      'Drehen Sie sich nicht im Kreis: Der nächste Versuch endet genauso.',
    ],
    causes: ['Eine Berechtigung fehlt.', 'Der Tarif enthält es nicht.', 'Der Benutzer ist gesperrt.'],
    pitfalls: [
      'Eine Zahl aus dem Bereich für Bibliotheken: Ein Framework kann damit etwas anderes meinen.',
      'Ein uWebSockets-Server meldet 1006, wenn ein Client irgendeinen Code von 3000 bis 3999 sendet.',
    ],
    use: 'Sie wissen, wer der Client ist, und er darf dies nicht.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden, bis sich die Berechtigungen geändert haben.',
      holdfast: 'Nur eine Änderung der Berechtigungen hilft.',
    },
  },
  timeout: {
    meaning: 'Der Endpunkt hat zu lange auf die Gegenseite gewartet. Wie HTTP 408.',
    says: 'Ich habe zu lange auf Sie gewartet.',
    description:
      'Die registrierte Art zu sagen: „Ich habe zu lange auf Ihre Nachricht gewartet“, etwa auf eine Anmeldung, die nie kam.',
    whenSeen:
      'Dienste mit einer Frist für Anmeldung oder Heartbeats; die meisten benutzen 4408 (graphql-ws, Hocuspocus) oder einfach 1001 oder 1006. Holdfast mit `rejections: close`, wenn ein Upstream den Handshake mit 408 beantwortet.',
    howToFix: [
      'Senden Sie die erwartete Nachricht rechtzeitig.',
      'Wurde sie gesendet, suchen Sie, was sie aufgehalten hat: eine blockierte Event-Loop, ein langsames Netz, ein voller Sendepuffer.',
      'Verlängern Sie die Frist, wenn sie für echte Netze zu kurz ist.',
    ],
    causes: [
      'Keine Anmeldenachricht innerhalb der Frist.',
      'Ein Heartbeat der Anwendung blieb aus.',
      'Ein Client, der zu langsam ist.',
    ],
    pitfalls: ['Centrifuge benutzt dieselbe Zahl für einen Client, der zu langsam liest.'],
    use: 'Sie haben der Gegenseite eine Frist für eine Nachricht gesetzt, und sie ist verstrichen.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Mit Backoff neu verbinden.',
      holdfast:
        'Eine verspätete Nachricht ist oft ein Zufall des Netzes; der nächste Versuch kann also rechtzeitig sein.',
    },
  },
}
