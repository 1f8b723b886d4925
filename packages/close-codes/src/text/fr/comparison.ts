import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} et {b}',
  differences: 'Différences clés',
  common: 'Points communs',
  choice: 'Quand utiliser lequel',
  join: '{a} ; {b}.',

  sender: {
    anyone: '{n} peut venir de l’un ou l’autre bout, ou d’une passerelle entre les deux',
    ends: '{n} vient de l’un des deux bouts, jamais d’une passerelle',
    client: '{n} ne vient que des clients',
    server: '{n} vient du serveur ou d’une passerelle placée devant lui',
    gateway: '{n} ne vient que des passerelles',
    nobody: 'personne n’envoie {n}',
  },
  occasion: {
    planned: '{n} est planifié',
    overload: '{n} annonce une surcharge',
    refusal: '{n} est un refus',
    fault: '{n} signale une défaillance',
    untold: '{n} ne dit pas pourquoi',
  },
  mend: {
    nothing: 'après {n}, il n’y a rien à réparer',
    sender: 'après {n}, cherchez du côté qui a envoyé le Close',
    receiver: 'après {n}, cherchez du côté qui a reçu le Close',
    server: 'après {n}, cherchez sur le serveur',
    credentials: 'après {n}, cherchez chez le client et dans ses identifiants',
    rights: 'après {n}, cherchez dans les droits que le serveur accorde au client',
    upstream:
      'après {n}, cherchez derrière la passerelle, sur le serveur en amont et sur le chemin qui y mène',
    tls: 'après {n}, cherchez dans le certificat et les réglages TLS',
    anywhere: '{n} ne dit pas où chercher : le serveur, le réseau, tout proxy entre les deux',
  },
  wire: {
    code: '{n} circule dans une trame Close',
    'empty-close': 'avec {n} circule une trame Close sans code (`wasClean` vaut vrai)',
    'no-close': 'avec {n} ne circule aucune trame Close, la connexion s’arrête net (`wasClean` vaut faux)',
    'no-handshake': 'avec {n} rien ne circule, car aucune connexion ne s’est établie',
    forbidden: '{n} n’a pas le droit de circuler',
  },
  script: {
    yes: 'un script dans un navigateur peut envoyer {n}',
    no: 'un script dans un navigateur peut recevoir {n} mais pas l’envoyer',
  },
  comeBack: {
    stop: 'après {n}, un client ne se reconnecte pas avant que quelque chose ait changé',
    reconnect:
      'après {n}, un client se reconnecte, d’abord après un délai aléatoire de {span}, puis à intervalles d’au plus {cap}',
    delays:
      'Un client se reconnecte après les deux : après {a}, il tire d’abord un délai de {spanA}, après {b} un délai de {spanB} ; les tentatives suivantes sont espacées d’au plus {cap}.',
    delaysAndCaps:
      'Un client se reconnecte après les deux : après {a}, il tire d’abord un délai de {spanA}, et plus tard jusqu’à {capA} ; après {b}, un délai de {spanB}, et plus tard jusqu’à {capB}.',
  },
  asked: {
    registration: 'le message à l’origine de l’enregistrement de {n} demande un délai aléatoire de {span}',
    rfc: 'pour {n}, la RFC 6455 suggère un délai aléatoire de {span}',
    elsewhere:
      'le message à l’origine de l’enregistrement de {n} envoie le client vers une autre adresse, et vers la même seulement à la demande de l’utilisateur',
    nothing: '{n} a été enregistré sans délai',
  },
  http: {
    some: '{n} est l’équivalent de HTTP {list}',
    none: '{n} n’a pas d’équivalent en HTTP',
    pair: 'En HTTP, {a} serait {listA}, et {b} serait {listB}.',
  },
  support: {
    refused: '{n} est dans la RFC 6455, pourtant {refusing} des {of} implémentations le refuse',
    standard: '{n} est dans la RFC 6455, et toutes les implémentations l’acceptent',
    later: '{n} a été enregistré plus tard, et il est refusé par {refusing} des {of} implémentations',
    pair: 'Les deux ont été enregistrés après la RFC 6455 : {a} est refusé par {refusingA} des {of} implémentations, {b} par {refusingB}.',
  },

  both: {
    sender: {
      anyone: 'Les deux peuvent venir de l’un ou l’autre bout, ou d’une passerelle entre les deux.',
      ends: 'Les deux viennent de l’un des deux bouts, jamais d’une passerelle.',
      server: 'Les deux viennent du serveur ou d’une passerelle placée devant lui.',
      nobody: 'Personne n’envoie ni l’un ni l’autre.',
    },
    occasion: {
      planned: 'Les deux sont planifiés.',
      refusal: 'Les deux sont des refus.',
      fault: 'Les deux signalent une défaillance.',
      untold: 'Aucun des deux ne dit pourquoi.',
    },
    mend: {
      nothing: 'Après l’un comme après l’autre, il n’y a rien à réparer.',
      sender: 'Après les deux, cherchez du côté qui a envoyé le Close.',
      receiver: 'Après les deux, cherchez du côté qui a reçu le Close.',
      server: 'Après les deux, cherchez sur le serveur.',
    },
    comeBack: {
      stop: 'Après les deux, un client ne se reconnecte pas avant que quelque chose ait changé.',
      reconnect:
        'Après les deux, un client se reconnecte, d’abord après un délai aléatoire de {span}, puis à intervalles d’au plus {cap}.',
    },
    script: {
      yes: 'Un script dans un navigateur peut envoyer les deux.',
      no: 'Un script dans un navigateur peut recevoir les deux mais n’en envoyer aucun.',
    },
    http: {
      some: 'Les deux sont l’équivalent de HTTP {list}.',
      none: 'Aucun des deux n’a d’équivalent en HTTP.',
    },
    support: {
      standard: 'Les deux sont dans la RFC 6455, et toutes les implémentations les acceptent.',
      later:
        'Les deux ont été enregistrés après la RFC 6455, et chacun est refusé par {refusing} des {of} implémentations.',
    },
  },
  notes: {
    narrower: '{x} en dit plus que {y} : préférez-le partout où il dit vrai.',
    narrowerButRefused:
      '{x} en dit plus que {y} : préférez-le partout où il dit vrai. Là où le destinataire refuse {x}, rabattez-vous sur {y}.',
    oneEvent:
      'Quand {y} suit {x} de près, les deux décrivent un seul événement : le serveur derrière la passerelle s’est arrêté, et son successeur n’écoute pas encore.',
    strands:
      'Un serveur qui s’arrête avec {x} laisse ses clients déconnectés : la plupart y voient une fin définitive. Pour un arrêt, envoyez {y}.',
    earlyReturn:
      'Se reconnecter trop tôt coûte une tentative de plus après {x} ; après {y}, cela prolonge la surcharge.',
    bothSides:
      'Quand un serveur en amont enfreint le protocole, une passerelle envoie les deux : {x} à ce serveur, et {y} au client, qui n’a rien fait de mal.',
    hiddenStatus:
      'Avant l’upgrade, ce que veut dire {y} est un HTTP {http}, et une page ne voit que {x}. Dans un Close, la page voit le code et le motif.',
    unsaid: 'Qui part sans Close ne laisse au pair que {x}, même s’il voulait dire {y}.',
    diedFirst: 'Un processus qui meurt avant de pouvoir dire {y} ne laisse que {x} à ses pairs.',
    noNumber: 'Qui veut dire {y} mais appelle `close()` sans code ne laisse que {x} au pair.',
    refusedAs:
      'Là où une bibliothèque refuse {y}, comme c’est le cas de {refusing} sur {of}, son application voit 1002 ou 1006 à la place.',
    hiddenTls:
      'Un navigateur ne signale jamais {x} : pour une page, un handshake TLS échoué est un {y} comme toute autre perte.',
  },
}
