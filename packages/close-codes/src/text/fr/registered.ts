import type { RegisteredText } from '../language.ts'

export const registered: RegisteredText = {
  serviceRestart: {
    meaning: 'Le service redémarre. Reconnectez-vous.',
    says: 'Je redémarre et serai bientôt de nouveau disponible.',
    description:
      'Une interruption planifiée : le serveur s’arrête volontairement, compte être bientôt de nouveau disponible, et souhaite que ses clients se reconnectent de façon étalée.',
    whenSeen:
      'Uvicorn à chaque arrêt et rechargement (depuis la 0.21), Phoenix quand il draine ses connexions (depuis la 1.7.6), AWS API Gateway quand il redémarre, les serveurs qui l’envoient dans leur gestionnaire de SIGTERM, et Holdfast quand il draine ses connexions.',
    howToFix: [
      'Rien n’est cassé : reconnectez-vous après un délai aléatoire et reprenez.',
      'S’il survient hors des déploiements, cherchez des plantages en boucle, un rechargement automatique ou un recyclage de workers.',
      'Si des clients ne se reconnectent pas, vérifiez que leur bibliothèque accepte 1012 et que leur logique de reconnexion ne prend pas une fermeture propre pour une fin définitive.',
      'Si tous se reconnectent dans la même seconde, ajoutez du jitter dans le client, ou laissez le serveur donner à chaque connexion son propre `retry=`.',
    ],
    causes: [
      'Un déploiement ou une mise à jour progressive.',
      'Un rechargement de la configuration, ou un rechargement automatique en développement.',
      'Un recyclage de workers.',
      'La maintenance d’une passerelle managée.',
    ],
    pitfalls: [
      'Avec un délai fixe, tous les clients se reconnectent au même instant.',
      'Certaines bibliothèques le refusent à la réception et signalent une erreur de protocole ; voir la table de prise en charge.',
      'nginx, HAProxy et un processus tué ne l’envoient pas : leurs redémarrages ressemblent à 1006. Caddy et Cloudflare envoient 1001.',
      'Uvicorn envoie 1012 même quand il ne redémarre pas.',
      'Python websockets lève pour lui `ConnectionClosedError`, et non `ConnectionClosedOK`.',
      'Un script dans un navigateur peut le recevoir mais pas l’envoyer ; `dart:io` ne peut pas l’envoyer non plus.',
    ],
    use: 'Vous vous arrêtez volontairement et serez de nouveau disponible en quelques secondes. Ajoutez un `retry=` propre à chaque client.',
    retry: {
      registered:
        'De 5 à 30 s au hasard, d’après le message de liste de diffusion que le registre cite pour ce code. Ni la RFC 6455 ni la table du registre n’indiquent de délai.',
      practice:
        'De 1 à 5 s au hasard, puis un backoff exponentiel : à peu près ce qu’attendent Socket.IO et reconnecting-websocket. Certains clients n’attendent que de 10 à 50 ms et comptent sur le serveur pour étaler ses fermetures, comme le fait Phoenix.',
      holdfast:
        'Obéit à `retry=`, car seul le serveur sait combien de clients il déconnecte et quand il sera de nouveau disponible ; la passerelle donne à chaque connexion le sien, régulièrement réparti. Sans `retry=`, il prend la plage courte de la pratique, car lors de la plupart des redémarrages d’autres instances servent déjà. Là où des milliers de clients se reconnectent à un seul processus, faites envoyer `retry=` par le serveur, ou prenez la plage longue.',
    },
  },
  tryAgainLater: {
    meaning: 'Le serveur est surchargé et déconnecte ce client. Reconnectez-vous plus tard.',
    says: 'Je suis saturé. Reconnectez-vous plus tard.',
    description:
      'Délestage (load shedding). Proposé sous le nom « Service Overload », enregistré sous « Try Again Later ». Une trame Close n’a pas de champ `Retry-After` : une indication doit tenir dans le motif.',
    whenSeen:
      'Limites de connexions ou de salons, surcharge dans des serveurs bâtis sur Cap’n Proto comme workerd, limites de débit. De la part de Holdfast, quand une limite de la passerelle est atteinte ou qu’un serveur en amont répond au handshake par 503 ou 429.',
    howToFix: [
      'Attendez bien plus longtemps qu’après 1012, et chaque fois davantage.',
      'Utilisez un autre hôte s’il y en a un, et prévenez l’utilisateur.',
      'Côté serveur, ajoutez de la capacité ou rendez la connexion moins coûteuse.',
      'Là où les clients peuvent lire un statut HTTP, délestez avant l’upgrade : 503 avec `Retry-After` coûte moins qu’une connexion acceptée.',
    ],
    causes: [
      'Une surcharge.',
      'Un quota de connexions a été atteint.',
      'Une limite de débit a été dépassée.',
      'Le mode maintenance.',
    ],
    pitfalls: [
      'Se reconnecter vite aggrave la surcharge.',
      'Les bibliothèques qui refusent 1012 à la réception refusent aussi 1013.',
      'Envoyé avant que la connexion soit acceptée, il devient un statut HTTP, et un navigateur signale 1006.',
    ],
    use: 'Vous fonctionnez mais vous êtes saturé. Ajoutez `retry=`. Mieux vaut refuser avant l’upgrade les clients qui savent lire un statut HTTP.',
    retry: {
      registered:
        'D’après le message que le registre cite : ne se connecter qu’à une autre adresse de la même cible, ou à la même si l’utilisateur le demande. C’est plus strict que le nom : pas de reconnexion automatique.',
      practice:
        'Variable : beaucoup de clients appliquent le backoff qu’ils ont pour tous les codes ; ceux qui le distinguent attendent de 30 à 120 s, avec du jitter, et de plus en plus.',
      holdfast:
        'Obéit à `retry=`, que la passerelle tire du `Retry-After` d’un serveur en amont, ou répartit dans le temps pour ses propres limites. Sans lui, un client attend plus longtemps qu’après tout autre code, et ne se reconnecte jamais aussitôt.',
    },
  },
  badGateway: {
    meaning: 'Une passerelle n’a pas obtenu de réponse valable du serveur qui est derrière elle.',
    says: 'Je fonctionne ; le serveur derrière moi, non.',
    description:
      'Le frontal répond ; le serveur derrière lui ne répond pas comme il le devrait. L’équivalent de HTTP 502, pour une connexion qui est déjà un WebSocket.',
    whenSeen:
      'Derrière Holdfast, quand une connexion ouverte perd son serveur en amont. Un client qui n’en obtient aucun le reçoit aussi s’il montre qu’il comprend les codes de fermeture, ou si la route indique `badGateway: close` ; tout autre reçoit HTTP 502, 503 ou 504, avec ce code dans le corps. Ailleurs, rarement : rien n’indique que nginx, HAProxy, Caddy, Cloudflare ou AWS API Gateway l’envoient ; chez eux la même panne donne HTTP 502, 1006 ou 1011.',
    howToFix: [
      'Lisez le motif. Derrière Holdfast, il dit ce qui n’allait pas : `connection refused`, `no answer in 5 s`, `status 500`.',
      'Vérifiez la santé du serveur en amont : le processus tourne-t-il, et répond-il sur sa propre machine ? `curl -i http://HOST:PORT/PATH` doit montrer une réponse HTTP, quelle qu’elle soit.',
      'Vérifiez le port : est-ce bien celui sur lequel le serveur écoute, et la passerelle peut-elle l’atteindre ? Dans un conteneur, `localhost` est le conteneur.',
      'Vérifiez que le proxy route les upgrades : l’hôte et le chemin mènent au serveur WebSocket, et chaque proxy du chemin parle HTTP/1.1 et laisse passer `Connection` et `Upgrade`. La réponse doit être 101.',
      'Vérifiez TLS entre la passerelle et le serveur en amont : `wss://` vers un port en clair, ou un certificat dont la vérification échoue.',
      'S’il suit une vague de 1012, le serveur en amont redémarre : attendez, et faites en sorte que le nouveau écoute avant que l’ancien s’arrête.',
    ],
    causes: [
      'Le serveur en amont est arrêté, redémarre ou ne répond plus.',
      'La passerelle a un mauvais hôte, un mauvais port ou un mauvais chemin.',
      'Un proxy entre la passerelle et le serveur en amont ne laisse pas passer l’upgrade.',
      'Un côté parle TLS et l’autre non, ou la vérification du certificat échoue.',
      'Le serveur en amont a coupé la connexion.',
    ],
    pitfalls: [
      'Aucun autre code enregistré n’est refusé à la réception par autant de bibliothèques ; gorilla/websocket et tungstenite y répondent par 1002. Les navigateurs l’acceptent.',
      'Il a été enregistré après 1012 et 1013, et les listes plus anciennes ne l’ont pas.',
      'De petits projets en font à tort un « non autorisé ».',
    ],
    use: 'Vous êtes une passerelle, et le serveur derrière vous est injoignable, muet ou fautif. Mettez la cause dans le motif.',
    retry: {
      registered: 'Aucune consigne. L’enregistrement le compare à HTTP 502 et ne donne pas de délai.',
      practice:
        'Comme après HTTP 502 : se reconnecter après une seconde environ, avec un backoff exponentiel et du jitter. graphql-ws se reconnecte ; l’extension WebSocket de htmx, non.',
      holdfast:
        'Commence par un délai court, car un autre serveur en amont sert peut-être déjà, et espace vite les tentatives, car la passerelle a déjà essayé les autres.',
    },
  },
  unauthorized: {
    meaning: 'Une authentification est nécessaire, ou elle a échoué. Comme HTTP 401.',
    says: 'Identifiez-vous d’abord.',
    description:
      'La façon enregistrée de dire « connectez-vous d’abord à votre compte ». Il se trouve dans la plage des bibliothèques et des frameworks : un autre logiciel peut entendre autre chose par le même nombre.',
    whenSeen:
      'L’API OpenAI Realtime avec une mauvaise clé. Holdfast avec `rejections: close`, quand un serveur en amont répond au handshake par 401.',
    howToFix: [
      'Procurez-vous de nouveaux identifiants, puis reconnectez-vous aussitôt.',
      'Si vous écrivez le serveur, acceptez d’abord l’upgrade et fermez avec 3000 et un motif : HTTP 401 n’atteint une page que sous la forme de 1006.',
    ],
    causes: ['Un jeton absent, faux ou expiré.', 'Une session qui a pris fin.'],
    pitfalls: [
      'SockJS (« Go away! »), Centrifuge (« connection closed », se reconnecter) et WebSocket++ (« subprotocol error ») utilisent le même nombre.',
      'Un serveur uWebSockets signale 1006 quand un client envoie n’importe quel code de 3000 à 3999.',
      'graphql-ws a 4401 à la place, et dans un autre sens.',
    ],
    use: 'Vous ne savez pas qui est le client : il n’a pas présenté d’identifiants, ou de mauvais.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter avant d’avoir de nouveaux identifiants.',
      holdfast: 'Seule l’application peut obtenir de nouveaux identifiants.',
    },
  },
  forbidden: {
    meaning: 'Authentifié, mais pas autorisé. Comme HTTP 403.',
    says: 'Je vous connais, et c’est non.',
    description:
      'La façon enregistrée de dire « je sais qui vous êtes, et ceci n’est pas pour vous ». Il en dit plus que 1008.',
    whenSeen:
      'Rarement : la plupart des services utilisent 4403 ou 1008. Holdfast avec `rejections: close`, quand un serveur en amont répond au handshake par 403.',
    howToFix: [
      'Vérifiez les rôles, l’abonnement et les droits sur le canal.',
      'Ne bouclez pas : la tentative suivante finit de même.',
    ],
    causes: ['Il manque une autorisation.', 'L’abonnement ne le comprend pas.', 'L’utilisateur est banni.'],
    pitfalls: [
      'Un nombre de la plage des bibliothèques : un framework peut entendre autre chose.',
      'Un serveur uWebSockets signale 1006 quand un client envoie n’importe quel code de 3000 à 3999.',
    ],
    use: 'Vous savez qui est le client, et il n’a pas le droit de faire cela.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter avant que les autorisations aient changé.',
      holdfast: 'Seul un changement des autorisations y remédie.',
    },
  },
  timeout: {
    meaning: 'Le point de terminaison a attendu le pair trop longtemps. Comme HTTP 408.',
    says: 'Je vous ai attendu trop longtemps.',
    description:
      'La façon enregistrée de dire « j’ai attendu votre message trop longtemps », par exemple un message d’authentification qui n’est jamais venu.',
    whenSeen:
      'Services qui fixent une échéance à l’authentification ou aux heartbeats ; la plupart utilisent 4408 (graphql-ws, Hocuspocus), ou simplement 1001 ou 1006. Holdfast avec `rejections: close`, quand un serveur en amont répond au handshake par 408.',
    howToFix: [
      'Envoyez à temps le message attendu.',
      'S’il a été envoyé, cherchez ce qui l’a retenu : une boucle d’événements bloquée, un réseau lent, un tampon d’envoi plein.',
      'Allongez l’échéance si elle est trop courte pour de vrais réseaux.',
    ],
    causes: [
      'Pas de message d’authentification à temps.',
      'Un heartbeat de l’application a manqué.',
      'Un client trop lent.',
    ],
    pitfalls: ['Centrifuge utilise le même nombre pour un client qui lit trop lentement.'],
    use: 'Vous avez fixé au pair une échéance pour un message, et elle est passée.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Se reconnecter avec un backoff.',
      holdfast:
        'Un message en retard est souvent un accident du réseau : la tentative suivante arrivera peut-être à temps.',
    },
  },
}
