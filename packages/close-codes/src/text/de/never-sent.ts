import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: 'Reserviert. Er hat keine Bedeutung.',
    says: 'Diese Zahl bedeutet nichts.',
    description:
      'Ein Loch in der Tabelle. In Entwürfen des Protokolls stand hier „Nachricht zu groß“, woraus 1009 wurde; einige alte Texte sagen es noch immer.',
    whenSeen: 'So gut wie nie. Eine Gegenseite, die ihn sendet, wurde nach einem Entwurf geschrieben.',
    howToFix: ['Aktualisieren Sie die Gegenseite. Geht es um Größe, ist der Code 1009.'],
    causes: ['Konstanten aus einem Entwurf des Protokolls.'],
    pitfalls: [
      'ws, gorilla/websocket, coder/websocket und .NET lehnen ihn beim Empfang ab; Chromium und Firefox geben ihn an die Seite weiter.',
    ],
    use: 'Nie. Hat Sie ein Entwurf an Größe denken lassen, senden Sie 1009.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Keine: Er wird nicht benutzt.',
      holdfast:
        'Er darf nicht übertragen werden; eine Gegenseite, die ihn sendet, verletzt also das Protokoll, wie bei 1002.',
    },
  },
  noStatusReceived: {
    meaning: 'Der Close-Frame der Gegenseite enthielt keinen Code.',
    says: 'Die Gegenseite hat geschlossen und keinen Code genannt.',
    description:
      'Eine Markierung für die eigene Anwendung, die nie gesendet wird. Die Gegenseite hat ordentlich geschlossen, mit einem Close ohne Inhalt, und die Bibliothek trägt 1005 ein, damit es eine Zahl zum Ansehen gibt.',
    whenSeen:
      'Die Gegenseite hat `close()` ohne Argument aufgerufen (Socket.IO und Tornado tun das), eine Seite hat ihre letzte Referenz auf ein WebSocket verloren, oder ein Framework schließt ohne Code.',
    howToFix: [
      'Übergeben Sie `close()` auf der schließenden Seite einen Code, damit die andere den Grund erfährt.',
      'Leiten Sie in einem Proxy 1005 nie weiter: Schließen Sie stattdessen ohne Code.',
    ],
    causes: [
      '`close()` ohne Argument.',
      'Ein WebSocket-Objekt, das der Garbage Collector eingesammelt hat.',
      'Eine Bibliothek, die mit leerem Inhalt schließt.',
    ],
    pitfalls: [
      '`close(1005)` wirft eine Ausnahme, in ws und in Browsern; Proxys, die ihn weiterleiteten, sind daran abgestürzt.',
      '`wasClean` ist wahr.',
      'Uvicorn meldet der Anwendung 1005, wenn TCP nach dem Handshake verloren ging, wo 1006 passen würde.',
    ],
    use: 'Nie: Die Gegenseite liest ihn, wenn Sie `close()` ohne Code aufrufen. Übergeben Sie einen.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Uneinheitlich: SocketCluster verbindet sich sofort neu, sockette nicht.',
      holdfast:
        'Nichts sagt, dass das Ende gewollt war; daher wie eine verlorene Verbindung behandelt. Das Gateway leitet ein leeres Close als leeres Close weiter.',
    },
  },
  abnormalClosure: {
    meaning: 'Die Verbindung endete ohne Close-Frame.',
    says: 'Die Verbindung ist weg, und niemand hat gesagt, warum.',
    description:
      'Eine Markierung für die eigene Anwendung, die nie gesendet wird. TCP wurde gekappt, ein Prozess wurde beendet, der Handshake schlug fehl, oder ein Proxy gab auf. Browser verbergen die Ursache absichtlich, damit eine Seite das Netz um sie herum nicht ausforschen kann.',
    whenSeen:
      'Leerlaufgrenzen von Load Balancern, ein Absturz oder `kill -9`, `terminate()` in ws, ein Netzwechsel, ein Laptop im Ruhezustand, ein Reload von nginx, ein DNS- oder TLS-Fehler, eine HTTP-Antwort auf das Upgrade (401, 403, 404, 502, 503), Mixed Content, eine Content Security Policy.',
    howToFix: [
      'Sehen Sie außerhalb des Skripts nach: Der Netzwerk-Tab des Browsers zeigt den HTTP-Status eines gescheiterten Upgrades.',
      'Wiederholen Sie das Upgrade mit `curl -i` oder `wscat`; sie zeigen, was ein Browser verbirgt.',
      'Lesen Sie zu genau dieser Sekunde die Logs des Servers und jedes Proxys.',
      'Kommt er immer nach derselben Leerlaufzeit, senden Sie Pings öfter als die kürzeste Grenze auf dem Weg, oder erhöhen Sie diese Grenze.',
      'Senden Sie auf dem Server ein Close, bevor der Prozess endet.',
    ],
    causes: [
      'Der Eröffnungs-Handshake ist fehlgeschlagen.',
      'Eine Leerlauf- oder Lesegrenze eines Proxys.',
      'Der Prozess ist abgestürzt oder wurde beendet.',
      'Das Netz ging verloren.',
      'TLS ist fehlgeschlagen; Browser sagen nie 1015.',
      'Der Server hat TCP ohne Close beendet.',
    ],
    pitfalls: [
      'Eine Seite sieht 1006 mit leerer Begründung gleichermaßen für einen abgewiesenen Port, einen unbekannten Namen, einen TLS-Fehler, eine andere Antwort als 101 und einen Abbruch.',
      'Leiten Sie ihn nie weiter: ws wirft eine Ausnahme. Sagen Sie 1014 oder 1011, oder schließen Sie ohne Code.',
      'uWebSockets meldet ihn auch bei einem ordentlichen Close, dessen Code es ablehnt (1012-3999).',
      'Chromium wartet bis zu 60 s auf die Antwort auf sein eigenes Close, bevor es 1006 meldet.',
    ],
    use: 'Nie: Die Gegenseite liest ihn, wenn Sie TCP ohne Close beenden. Sagen Sie vorher, warum Sie gehen.',
    retry: {
      registered:
        'RFC 6455, Abschnitt 7.2.3: der erste Versuch nach zufälliger Wartezeit, wofür 0–5 s als angemessen gelten, danach abgeschnittenes binäres exponentielles Backoff.',
      practice:
        'Von sofort bis zu einigen Sekunden. Viele Bibliotheken haben keinen Jitter, sodass sich alle ihre Clients gleichzeitig neu verbinden.',
      holdfast:
        'Folgt dem RFC. Das Gateway ist dazu da, diesen Code zur Seltenheit zu machen: Dahinter erreicht ein verlorener Upstream den Client als 1014, mit der Ursache in der Begründung.',
    },
  },
  tlsHandshake: {
    meaning: 'Der TLS-Handshake ist fehlgeschlagen.',
    says: 'TLS ist gescheitert, bevor wir sprechen konnten.',
    description:
      'Eine Markierung für die eigene Anwendung, die nie gesendet wird: `wss://` ist vor dem ersten WebSocket-Byte gescheitert.',
    whenSeen: 'Kaum je. Browser benutzen ihn nicht und melden 1006; einige native Bibliotheken kennen ihn.',
    howToFix: [
      'Führen Sie `openssl s_client -connect HOST:443 -servername HOST` aus und lesen Sie den Fehler.',
      'Prüfen Sie Ablaufdatum, Kette und Hostnamen des Zertifikats, die TLS-Versionen des Servers und die Uhr des Clients.',
      'Suchen Sie nach einem Firmenproxy oder Virenscanner, der TLS aufbricht.',
    ],
    causes: [
      'Ein Zertifikat, das abgelaufen oder selbst signiert ist.',
      'Ein Zertifikat für einen anderen Namen.',
      'TLS wird auf dem Weg aufgebrochen.',
      'Keine gemeinsame TLS-Version.',
    ],
    pitfalls: [
      'Eine Gegenseite kann ihn versehentlich senden: Chromium lässt einen solchen Frame scheitern; Firefox, WebSocket-Node und soketto nehmen ihn an.',
    ],
    use: 'Nie: Bevor TLS steht, gibt es nichts, worüber man ihn senden könnte.',
    retry: {
      registered: 'Keine Vorgabe.',
      practice: 'Nicht neu verbinden, bis das Zertifikat oder die Einstellungen korrigiert sind.',
      holdfast:
        'Während ein Client wartet, werden Zertifikate erneuert und Anmeldeportale verlassen, und mit Backoff kosten die Versuche wenig: wie eine verlorene Verbindung behandelt.',
    },
  },
}
