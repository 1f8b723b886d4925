import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: 'Réservé. Il n’a pas de signification.',
    says: 'Ce numéro ne veut rien dire.',
    description:
      'Un trou dans la table. Des brouillons du protocole y plaçaient « message trop grand », devenu 1009 ; quelques vieux textes le disent encore.',
    whenSeen: 'Pratiquement jamais. Un pair qui l’envoie a été écrit d’après un brouillon.',
    howToFix: ['Mettez le pair à jour. S’il est question de taille, le code est 1009.'],
    causes: ['Des constantes issues d’un brouillon du protocole.'],
    pitfalls: [
      'ws, gorilla/websocket, coder/websocket et .NET le refusent à la réception ; Chromium et Firefox le remettent à la page.',
    ],
    use: 'Jamais. Si un brouillon vous a fait penser à la taille, envoyez 1009.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Aucun usage : le code n’est pas employé.',
      holdfast: 'Il ne doit pas circuler : un pair qui l’envoie enfreint le protocole, comme pour 1002.',
    },
  },
  noStatusReceived: {
    meaning: 'La trame Close du pair ne contenait pas de code.',
    says: 'Le pair a fermé, sans donner de code.',
    description:
      'Un repère pour l’application locale, jamais envoyé. Le pair a fermé correctement, par un Close sans contenu, et la bibliothèque inscrit 1005 pour qu’il y ait un nombre à regarder.',
    whenSeen:
      'Le pair a appelé `close()` sans argument (Socket.IO et Tornado le font), une page a perdu sa dernière référence à un WebSocket, ou un framework ferme sans code.',
    howToFix: [
      'Passez un code à `close()` du côté qui ferme, pour que l’autre sache pourquoi.',
      'Dans un proxy, ne relayez jamais 1005 : fermez plutôt sans code.',
    ],
    causes: [
      '`close()` sans argument.',
      'Un objet WebSocket repris par le ramasse-miettes.',
      'Une bibliothèque qui ferme avec un contenu vide.',
    ],
    pitfalls: [
      '`close(1005)` lève une exception, dans ws comme dans les navigateurs ; des proxys qui le relayaient ont planté.',
      '`wasClean` vaut vrai.',
      'Uvicorn annonce 1005 à l’application quand TCP a été perdu après le handshake, là où 1006 conviendrait.',
    ],
    use: 'Jamais : le pair le lit quand vous appelez `close()` sans code. Passez-en un.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Variable : SocketCluster se reconnecte aussitôt, sockette ne se reconnecte pas.',
      holdfast:
        'Rien ne dit que la fin était voulue : traité comme une connexion perdue. La passerelle transmet un Close vide comme un Close vide.',
    },
  },
  abnormalClosure: {
    meaning: 'La connexion s’est terminée sans trame Close.',
    says: 'La connexion a disparu, et personne n’a dit pourquoi.',
    description:
      'Un repère pour l’application locale, jamais envoyé. TCP a été coupé, un processus a été tué, le handshake a échoué, ou un proxy a renoncé. Les navigateurs cachent la cause exprès, pour qu’une page ne puisse pas sonder le réseau qui l’entoure.',
    whenSeen:
      'Délais d’inactivité des répartiteurs de charge, plantage ou `kill -9`, `terminate()` dans ws, changement de réseau, portable en veille, rechargement de nginx, échec DNS ou TLS, réponse HTTP à la demande d’upgrade (401, 403, 404, 502, 503), contenu mixte, politique de sécurité du contenu.',
    howToFix: [
      'Regardez hors du script : l’onglet réseau du navigateur montre le statut HTTP d’un upgrade refusé.',
      'Refaites l’upgrade avec `curl -i` ou `wscat`, qui montrent ce qu’un navigateur cache.',
      'Lisez, à cette seconde précise, les journaux du serveur et de chaque proxy.',
      'S’il survient toujours après la même durée d’inactivité, envoyez des pings à un intervalle plus court que le plus petit délai du chemin, ou augmentez ce délai.',
      'Côté serveur, envoyez un Close avant de quitter.',
    ],
    causes: [
      'Le handshake d’ouverture a échoué.',
      'Un délai d’inactivité ou de lecture dans un proxy.',
      'Le processus a planté ou a été tué.',
      'Le réseau a été perdu.',
      'TLS a échoué ; les navigateurs ne signalent jamais 1015.',
      'Le serveur a mis fin à TCP sans Close.',
    ],
    pitfalls: [
      'Une page voit 1006 avec un motif vide aussi bien pour un port refusé, un nom inconnu, un échec TLS, une réponse autre que 101 que pour une coupure.',
      'Ne le relayez jamais : ws lève une exception. Envoyez 1014 ou 1011, ou fermez sans code.',
      'uWebSockets le signale aussi pour un Close correct dont il refuse le code (1012-3999).',
      'Chromium attend jusqu’à 60 s la réponse à son propre Close avant de signaler 1006.',
    ],
    use: 'Jamais : le pair le lit quand vous coupez TCP sans Close. Envoyez d’abord un Close qui dit pourquoi.',
    retry: {
      registered:
        'RFC 6455, section 7.2.3 : la première tentative après un délai aléatoire, de 0 à 5 s étant jugés raisonnables, puis un backoff exponentiel binaire tronqué.',
      practice:
        'D’aussitôt à quelques secondes. Beaucoup de bibliothèques n’ont pas de jitter, si bien que tous leurs clients se reconnectent ensemble.',
      holdfast:
        'Suit la RFC. La passerelle existe pour rendre ce code rare : derrière elle, la perte d’un serveur en amont arrive au client comme 1014, avec la cause dans le motif.',
    },
  },
  tlsHandshake: {
    meaning: 'Le handshake TLS a échoué.',
    says: 'TLS a échoué avant que nous puissions parler.',
    description:
      'Un repère pour l’application locale, jamais envoyé : `wss://` a échoué avant le premier octet de WebSocket.',
    whenSeen:
      'Presque jamais. Les navigateurs ne l’utilisent pas et signalent 1006 ; quelques bibliothèques natives l’ont.',
    howToFix: [
      'Lancez `openssl s_client -connect HOST:443 -servername HOST` et lisez l’erreur.',
      'Vérifiez l’expiration, la chaîne et le nom d’hôte du certificat, les versions de TLS du serveur, et l’horloge du client.',
      'Cherchez un proxy d’entreprise ou un antivirus qui intercepte TLS.',
    ],
    causes: [
      'Un certificat expiré ou autosigné.',
      'Un certificat établi pour un autre nom.',
      'Une interception de TLS sur le chemin.',
      'Aucune version de TLS en commun.',
    ],
    pitfalls: [
      'Un pair peut l’envoyer par erreur : Chromium fait échouer une telle trame ; Firefox, WebSocket-Node et soketto la prennent.',
    ],
    use: 'Jamais : tant que TLS n’est pas établi, il n’y a rien sur quoi l’envoyer.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter avant que le certificat ou les réglages soient corrigés.',
      holdfast:
        'Pendant qu’un client attend, un certificat se renouvelle et un portail captif s’ouvre, et avec un backoff les tentatives coûtent peu : traité comme une connexion perdue.',
    },
  },
}
