import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: 'La connexion a rempli son rôle et se termine volontairement.',
    says: 'Nous avons fini. Au revoir.',
    description:
      'Une fin propre : un côté a dit qu’il avait terminé, l’autre en a pris acte. Les programmes y voient une réussite, et la plupart des clients qui se reconnectent d’eux-mêmes ne le font pas après ce code.',
    whenSeen:
      'Après un `close(1000)` dans un script, quand le dernier abonnement est terminé, quand une tâche est achevée, ou à l’arrêt d’un serveur dont la valeur par défaut est 1000.',
    howToFix: [
      'Ne faites rien si cette fin était attendue.',
      'Si des clients ne se reconnectent pas après un déploiement, regardez avec quel code le serveur s’arrête (Bandit et Vert.x utilisent 1000 par défaut, uWebSockets quand une connexion a atteint son âge maximal) et remplacez-le par 1012 ou 1001.',
    ],
    causes: [
      'L’application a appelé `close(1000)`.',
      'Un client n’avait plus rien à écouter, par exemple un client GraphQL après son dernier abonnement.',
      'Un framework envoie 1000 à chaque arrêt.',
      'La connexion a atteint son âge maximal.',
    ],
    pitfalls: [
      'phoenix.js et bien d’autres clients ne se reconnectent jamais après 1000.',
      '`close()` sans argument n’envoie pas 1000 : la trame Close est vide et le pair voit 1005.',
      'Une session Discord prend fin quand son client ferme avec 1000 ou 1001 ; après tout autre code, elle peut être reprise.',
    ],
    use: 'Le travail est fait, et personne n’a besoin de se reconnecter.',
    retry: {
      registered: 'Aucune consigne. La RFC dit que la connexion a rempli son office.',
      practice:
        'Ne pas se reconnecter, sauf si l’application a encore besoin de la connexion ; graphql-ws se reconnecte aussitôt tant qu’un abonnement est actif.',
      holdfast:
        'Rien n’a échoué, il n’y a donc rien à retenter. La passerelle transmet 1000 tel qu’il est arrivé.',
    },
  },
  goingAway: {
    meaning: 'Le point de terminaison se retire : un serveur s’arrête, ou un navigateur quitte la page.',
    says: 'Je m’en vais.',
    description:
      'Le code d’arrêt le plus courant, et le seul que la RFC 6455 prévoie pour cela. Il annonce un départ, sans dire si le service reprendra, ni quand.',
    whenSeen:
      'Déploiements et réductions de capacité (serveurs avec Python websockets, Java-WebSocket, graphql-ws ou aiohttp), rechargements de Caddy, redémarrages de nœuds de périphérie chez Cloudflare, AWS API Gateway après dix minutes d’inactivité ou deux heures, Discord quand il demande à ses clients de se reconnecter ailleurs. Côté serveur, chaque fois qu’un utilisateur ferme l’onglet.',
    howToFix: [
      'Laissez le client se reconnecter après un délai aléatoire.',
      'Côté serveur, étalez les fermetures sur quelques secondes ; si le serveur doit redémarrer, envoyez plutôt 1012.',
      'Contre une limite d’inactivité, envoyez des pings bien avant son terme.',
      'Contre un âge maximal, ouvrez la connexion suivante avant la limite et basculez.',
    ],
    causes: [
      'Un serveur, un worker ou un proxy s’arrête.',
      'Un proxy recharge sa configuration, ou un nœud de périphérie redémarre.',
      'Un délai d’inactivité ou un âge maximal a été atteint.',
      'L’utilisateur a quitté la page.',
    ],
    pitfalls: [
      'Un script ne peut pas l’envoyer : `close(1001)` lève `InvalidAccessError`.',
      'Python websockets le compte comme une fin normale : une boucle `async for` sur les messages s’arrête sans bruit.',
      'Un client qui ne se reconnecte pas après 1001, comme sockette, reste déconnecté après chaque rechargement de Caddy.',
    ],
    use: 'Vous vous arrêtez sans savoir si vous serez de nouveau joignable : arrêt définitif, réduction de capacité, âge maximal.',
    retry: {
      registered:
        'Rien pour ce code. Pour les fermetures anormales, la RFC 6455, section 7.2.3, demande un premier délai aléatoire, par exemple de 0 à 5 s, puis un backoff exponentiel.',
      practice: 'Se reconnecter après un court délai aléatoire, puis espacer les tentatives.',
      holdfast:
        'Le serveur s’est arrêté sans dire pour combien de temps : traité comme une connexion perdue. La passerelle n’envoie 1001 qu’aux serveurs en amont, quand elle draine ses connexions.',
    },
  },
  protocolError: {
    meaning: 'Le pair a enfreint le protocole WebSocket.',
    says: 'Ce que vous avez envoyé n’est pas du WebSocket.',
    description:
      'Un côté a reçu ce que la RFC 6455 interdit : un mauvais bit de masque, un bit ou un opcode réservé, une fragmentation incohérente, une trame de contrôle trop longue, ou un code de fermeture qu’il ne connaît pas.',
    whenSeen:
      'Clients et serveurs écrits à la main, proxys qui touchent aux trames, compression mal accordée, octets HTTP sur un socket déjà passé en WebSocket, ou code récent envoyé à une bibliothèque dont la liste est ancienne.',
    howToFix: [
      'Capturez les trames et vérifiez les masques (le client masque, le serveur jamais), les bits réservés, les opcodes et la fragmentation.',
      'Si 1002 répond à un Close avec 1012, 1013, 1014 ou 3000-3999, la bibliothèque destinataire refuse ce code : mettez-la à jour, ou configurez un autre code à la place.',
      'Retirez les proxys du chemin et réessayez.',
      'Passez la suite de tests Autobahn sur le côté que vous avez écrit.',
    ],
    causes: [
      'Une trame de client sans masque, ou une trame de serveur avec un masque.',
      'Une trame compressée alors qu’aucune compression n’a été convenue.',
      'De l’UTF-8 invalide ou un code inconnu dans un Close.',
      'Des données écrites sur le socket sans passer par la bibliothèque.',
    ],
    pitfalls: [
      'gorilla/websocket répond à 1014 par 1002 et renvoie une erreur pour laquelle `IsCloseError` et `IsUnexpectedCloseError` sont fausses toutes les deux.',
      'Il n’est pas fait pour de mauvaises entrées de l’application : utilisez 1008 ou un code à vous.',
    ],
    use: 'Le pair a envoyé ce que la RFC 6455 interdit. Votre bibliothèque le dit pour vous.',
    retry: {
      registered: 'Aucune consigne.',
      practice:
        'Ne pas se reconnecter, car les mêmes octets produisent la même erreur. Une tentative de plus est raisonnable, pour écarter un proxy qui aurait abîmé une trame.',
      holdfast:
        'La passerelle envoie 1002 à un client qui enfreint le protocole. Si c’est un serveur en amont, il reçoit 1002 et le client 1014, car le client n’a rien fait de mal.',
    },
  },
  unsupportedData: {
    meaning:
      'Le point de terminaison n’accepte pas ce type de données, par exemple du binaire là où il ne comprend que le texte.',
    says: 'Je ne prends pas les messages de ce type.',
    description: 'Il s’agit du type du message, texte ou binaire, et non de son contenu.',
    whenSeen:
      'Un `Blob` ou un `ArrayBuffer` envoyé à un point d’accès JSON, ou du texte envoyé à un service qui attend du protobuf ou de l’audio. AWS API Gateway le documente pour les messages binaires, que ses API WebSocket n’acceptent pas.',
    howToFix: [
      'Envoyez du texte là où du texte est attendu : `JSON.stringify`, ou du base64 pour des octets.',
      'Ou faites accepter les messages binaires au point d’accès.',
      'Vérifiez quel type votre appel à `send` envoie réellement.',
    ],
    causes: [
      'Un message binaire vers un point d’accès qui ne prend que du texte.',
      'Un message texte vers un point d’accès qui ne prend que du binaire.',
    ],
    pitfalls: [
      'Du JSON mal formé dans un message texte ne relève pas de 1003 : utilisez 1007, 1008 ou un code à vous.',
    ],
    use: 'Vous ne prenez que du texte et recevez du binaire, ou l’inverse.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter avant que l’émetteur soit corrigé.',
      holdfast:
        'Seul un changement chez l’émetteur y remédie. La passerelle ne regarde pas dans les messages : elle n’envoie jamais 1003 d’elle-même, elle le transmet.',
    },
  },
  invalidPayload: {
    meaning:
      'Les octets d’un message ne correspondent pas à son type, par exemple du texte qui n’est pas de l’UTF-8.',
    says: 'Je ne peux pas décoder ce que vous avez envoyé.',
    description:
      'Les trames étaient conformes, mais leur contenu n’a pas pu être décodé : du texte qui n’est pas de l’UTF-8, ou des données compressées impossibles à décompresser.',
    whenSeen:
      'Du Latin-1, ou une chaîne coupée au milieu d’un caractère, envoyés comme texte ; des octets envoyés comme texte ; une compression endommagée. Gemini Live l’utilise pour des arguments invalides et même pour une clé expirée.',
    howToFix: [
      'Lisez le motif : les services y mettent la vraie cause.',
      'Encodez le texte en UTF-8 et ne le coupez jamais au milieu d’un caractère.',
      'Envoyez les octets dans des messages binaires.',
      'Si cela n’arrive qu’avec la compression, désactivez permessage-deflate d’un côté pour voir lequel est en faute.',
    ],
    causes: [
      'Un mauvais jeu de caractères.',
      'Des données binaires envoyées comme texte.',
      'Des données compressées impossibles à décompresser.',
      'Un service qui lui donne un sens à lui, comme « argument invalide ».',
    ],
    pitfalls: [
      'De l’UTF-8 invalide dans le motif d’un Close mène à 1007 dans ws et Node, à 1002 dans Chromium.',
      'Un programme qui jette le motif cache la cause.',
    ],
    use: 'Les trames sont conformes, mais vous ne pouvez rien faire de leurs octets. Dites dans le motif desquels il s’agit.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter avant que les données ou la configuration soient corrigées.',
      holdfast:
        'Seul un changement chez l’émetteur y remédie. La passerelle relaie les contenus sans y toucher : les octets sont ceux que l’émetteur a écrits.',
    },
  },
  policyViolation: {
    meaning: 'Le pair a enfreint une règle du point de terminaison. Le refus général.',
    says: 'Vous avez enfreint une de mes règles.',
    description:
      'Pour tout ce qui n’est pas permis et n’a pas de meilleur code, ou quand le serveur ne veut pas en dire plus.',
    whenSeen:
      'Jeton absent ou expiré, mauvais `Origin`, trop de requêtes (AWS API Gateway), trop de fragments (ws, undici), modèle inconnu (Gemini Live), et la plupart des tutoriels FastAPI.',
    howToFix: [
      'Lisez le motif.',
      'Renouvelez les identifiants ; vérifiez `Origin` et les autorisations.',
      'S’il s’agit d’une limite de débit, envoyez moins, et reconnectez-vous après une pause de 30 à 60 s.',
      'Si vous écrivez le serveur, préférez 3000, 3003 ou des codes à vous, documentés, pour que les clients distinguent les cas.',
    ],
    causes: [
      'L’authentification ou l’autorisation a échoué.',
      'L’`Origin` n’est pas admis.',
      'Une limite de débit a été dépassée.',
      'Une protection contre les abus s’est déclenchée.',
    ],
    pitfalls: [
      'Un serveur qui accepte d’abord et envoie 1008 ensuite remet à zéro chaque fois le backoff d’un client naïf : ne le remettez à zéro qu’une fois la connexion établie depuis quelques secondes.',
      'Un refus avant l’upgrade est un HTTP 403, qu’un navigateur montre comme 1006.',
    ],
    use: 'Vous refusez, et aucun code plus précis ne convient, ou vous ne voulez rien révéler.',
    retry: {
      registered: 'Aucune consigne.',
      practice:
        'Ne pas se reconnecter avant que quelque chose ait changé ; après une limite de débit, attendre une minute environ.',
      holdfast:
        'Le même client enfreindrait la même règle. La passerelle envoie 1008 à un client au-delà de `limits.messagesPerSecond` et, avec `rejections: close`, pour un refus HTTP qui n’a pas de code à lui.',
    },
  },
  messageTooBig: {
    meaning: 'Un message est plus grand que ce que le point de terminaison accepte.',
    says: 'Ce message est trop grand pour moi.',
    description:
      'Une limite a été atteinte : pour une trame, pour un message entier, ou pour un message après décompression.',
    whenSeen:
      'Gros instantanés JSON, images en base64, morceaux d’audio. Les limites varient beaucoup : 16 MiB par défaut dans Uvicorn, 8 MB pour les messages fragmentés dans Bandit.',
    howToFix: [
      'Découpez ou compressez les données, ou déposez-les par HTTP et envoyez un lien.',
      'Ou relevez la limite : `maxPayload` dans ws, `--ws-max-size` dans Uvicorn, `max_size` dans Python websockets, `limits.messageBytes` dans Holdfast.',
    ],
    causes: [
      'Un message au-delà de la limite configurée.',
      'Une protection contre les bombes de décompression.',
      'Une limite dans un proxy ou une passerelle du chemin.',
    ],
    pitfalls: [
      'La limite est peut-être la vôtre : les bibliothèques clientes en ont une aussi, et c’est alors votre côté qui a fermé.',
      'Un message petit sur le réseau peut être trop grand une fois décompressé.',
    ],
    use: 'Un message dépasse votre limite. Mettez la limite dans le motif.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Variable : se reconnecter sans renvoyer ce message ; centrifuge-js s’arrête.',
      holdfast:
        'Un client qui se reconnecte et renvoie le même message n’en finirait jamais. La passerelle envoie 1009 pour un message au-delà de `limits.messageBytes`.',
    },
  },
  mandatoryExtension: {
    meaning: 'Le client a besoin d’une extension que le serveur n’a pas acceptée.',
    says: 'J’ai besoin d’une extension que vous n’avez pas acceptée.',
    description:
      'Seul un client l’envoie, avec les extensions manquantes dans le motif. Un serveur à qui il en manque une fait échouer le handshake.',
    whenSeen: 'Très rarement : des clients qui exigent permessage-deflate ou une extension à eux.',
    howToFix: [
      'Activez l’extension sur le serveur.',
      'Faites passer `Sec-WebSocket-Extensions` à chaque proxy du chemin.',
      'Ou rendez l’extension facultative dans le client.',
    ],
    causes: ['Le serveur n’a pas l’extension.', 'Un proxy du chemin supprime `Sec-WebSocket-Extensions`.'],
    pitfalls: ['Le client HTTP du JDK le tient pour illégal quand il vient d’un serveur.'],
    use: 'Seulement si vous êtes un client qui ne peut rien faire sans cette extension. Nommez-la dans le motif.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Ne pas se reconnecter : c’est la configuration qui doit changer.',
      holdfast:
        'Une seconde tentative finit de même. La passerelle laisse passer les offres, les accords et ce code.',
    },
  },
  internalError: {
    meaning: 'Le point de terminaison a rencontré une situation imprévue et ne peut pas continuer.',
    says: 'Quelque chose a lâché chez moi.',
    description:
      'L’équivalent de HTTP 500. La RFC 6455 le réserve aux serveurs ; l’erratum 3227 et le registre l’ont étendu à tout point de terminaison.',
    whenSeen:
      'Exception non interceptée dans un gestionnaire, ping resté sans réponse (Python websockets), backend perdu dans un proxy, application ASGI terminée sans fermer (Hypercorn, Daphne), pannes et quotas de services vocaux d’IA.',
    howToFix: [
      'Lisez le journal du serveur à cette seconde précise ; une trace d’appels devrait s’y trouver.',
      'Si le motif parle d’un ping sans réponse, cherchez une boucle d’événements bloquée ou un réseau lent avant de toucher aux délais.',
      'Si le serveur n’est pas le vôtre, signalez le motif et l’heure.',
    ],
    causes: [
      'Une exception que personne n’a interceptée.',
      'Un ping de maintien sans réponse.',
      'Une application qui s’est terminée sans fermer.',
      'Un proxy qui a perdu son backend.',
    ],
    pitfalls: [
      '`sent 1011` dans un journal Python veut dire que c’est votre côté qui a fermé.',
      'Beaucoup de proxys envoient 1011 pour un backend perdu, là où 1014 en dirait plus.',
      'La même entrée peut provoquer le même plantage : arrêtez ou donnez l’alerte après quelques tentatives.',
    ],
    use: 'Quelque chose a échoué chez vous, sans que personne d’autre y soit pour rien. Pas de trace d’appels dans le motif.',
    retry: {
      registered: 'Aucune consigne.',
      practice: 'Se reconnecter avec un backoff ; arrêter ou donner l’alerte après quelques tentatives.',
      holdfast:
        'La panne est peut-être passée, et une autre instance ne l’a peut-être pas : traité comme une connexion perdue. La passerelle n’envoie 1011 que pour une défaillance à elle, aux deux côtés.',
    },
  },
}
