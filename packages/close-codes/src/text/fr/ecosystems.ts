import type { EcosystemTexts, InsteadTexts } from '../language.ts'

export const ecosystems: EcosystemTexts = {
  'graphql-ws': {
    rule: 'Les autres codes 1xxx sont définitifs, sauf 1000, 1001, 1005, 1006 et 1012-1014. Le client attend 2^n s plus 0,3 à 3 s, cinq fois.',
    codes: {
      4400: 'le message n’est pas du protocole',
      4401: 'une opération avant que la connexion soit confirmée ; il ne s’agit pas de mauvais identifiants',
      4403: 'le serveur refuse la connexion ; l’accès peut être accordé plus tard',
      4406: 'aucun sous-protocole en commun',
      4408: '`connection_init` n’est pas venu à temps',
      4409: 'l’identifiant d’opération est déjà pris',
      4429: '`connection_init` est venu deux fois',
      4500: 'le serveur a levé une exception',
      4004: 'le client a reçu un message invalide',
      4005: 'le client a levé une exception',
      4504: 'la confirmation n’est pas venue à temps',
      4499: 'inventé par le client lui-même, par `client.terminate()`',
    },
  },
  discord: {
    note: 'Un client qui ferme avec 1000 ou 1001 met fin à sa session ; avec tout autre code, il peut la reprendre.',
    codes: {
      4000: 'reconnectez-vous',
      4001: 'opcode ou contenu invalide',
      4002: 'contenu invalide',
      4003: 'un envoi avant identify, ou la session n’est plus valable',
      4004: 'mauvais jeton',
      4005: 'identifié deux fois',
      4007: 'mauvaise séquence dans une reprise ; ouvrez une nouvelle session',
      4008: 'trop d’envois',
      4009: 'ouvrez une nouvelle session',
      4014: 'non activé ou non approuvé',
    },
  },
  'discord-voice': {
    note: 'Lavalink les transmet et n’a pas de codes à lui.',
    codes: {
      4014: 'expulsé, ou la session principale est tombée',
      4015: 'essayez de reprendre',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099 : ne pas se reconnecter à l’identique. 4100-4199 : se reconnecter après une seconde ou plus. 4200-4299 : se reconnecter aussitôt.',
    note: '4301 et 4302 viennent dans des événements d’erreur, pas dans un Close.',
    codes: {
      4000: 'reconnectez-vous avec `wss://`',
      4100: 'attendez une seconde ou plus',
      4202: '24 heures sans activité ni ping du client',
    },
  },
  centrifuge: {
    rule: '3000-3499 et 4000-4499 : se reconnecter, backoff de 0,5 à 20 s. 3500-3999, 4500-4999 et 1009 : ne pas se reconnecter.',
    codes: {
      3000: 'pas de consigne du serveur ; le registre a ici Unauthorized',
      3001: 'le nœud s’arrête',
      3008: 'le client lit trop lentement ; le registre a ici Timeout',
      3502: 'ne s’est pas authentifié à temps',
    },
  },
  twitch: {
    codes: {
      4000: 'comme HTTP 500',
      4001: 'seuls les pongs sont permis',
      4003: 'aucun abonnement en 10 s',
      4004: '30 s après `session_reconnect`',
      4005: 'passe tout seul',
      4006: 'passe tout seul',
      4007: 'l’URL de reconnexion n’est pas valable ; prenez celle par défaut',
    },
  },
  obs: {
    codes: {
      4009: 'reconnectez-vous avec un autre mot de passe',
      4011: 'expulsé par l’utilisateur d’OBS ; un client ne doit pas se reconnecter de lui-même',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: 'un seul code pour toutes les erreurs fatales ; le motif dit laquelle : NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: 'le client est parti de son plein gré',
    },
  },
  socketcluster: {
    rule: '4000, 4001 et 1005 : se reconnecter aussitôt. 1000 et tout à partir de 4500 : ne pas se reconnecter. Le reste : se reconnecter après 10 à 20 s.',
  },
  sockjs: {
    note: 'Transporté dans des trames propres à SockJS (`c[...]`) ; ce n’est pas toujours un vrai code de fermeture.',
    codes: {
      3000: 'la session est fermée ; le registre a ici Unauthorized',
    },
  },
  websocketpp: {
    codes: {
      3000: 'le registre a ici Unauthorized',
    },
  },
  spring: {
    note: 'Le même nombre veut dire autre chose dans graphql-ws.',
    codes: {
      4500: 'un message n’a pas pu être envoyé dans les limites',
    },
  },
  openai: {
    note: 'Observé en octobre 2024.',
    codes: {
      3000: 'mauvaise clé ; conforme au sens enregistré',
    },
  },
  gemini: {
    note: 'Des codes enregistrés employés comme erreurs d’application ; le motif contient la vraie cause.',
    codes: {
      1007: 'un argument invalide, ou une clé d’API expirée',
      1008: 'une entité ou un modèle inconnus',
      1011: 'une erreur interne, ou un quota',
    },
  },
  aws: {
    note: '1013 et 1014 ne sont pas dans sa liste.',
    codes: {
      1001: 'inactif depuis 10 minutes, ou vieux de 2 heures',
      1003: 'les messages binaires ne sont pas pris en charge',
      1005: 'le client a fermé sans code',
      1006: 'la connexion s’est terminée sans Close',
      1008: 'trop de requêtes d’un même client',
      1009: 'un message au-delà de la limite',
      1011: 'une panne du service',
      1012: 'le service redémarre',
    },
  },
  pandascore: {
    note: 'Un exemple de 4000 plus un statut HTTP abrégé.',
    codes: {
      4001: 'pas de jeton',
      4003: 'non compris dans l’abonnement',
      4029: 'trois par match',
    },
  },
  fluxer: {
    note: 'Les autres codes sont ceux de Discord Gateway, 4000-4012.',
  },
  'fastify-http-proxy': {
    note: 'Il ajoute 3000 à 1004, 1005 et 1006, qui ne peuvent pas circuler. Observé avec 11.6.3 ; il n’a pas de clients à lui.',
    codes: {
      4005: 'le serveur en amont a fermé sans code',
      4006: 'la connexion au serveur en amont a été perdue',
    },
  },
}

export const withoutOwnCodes: InsteadTexts = {
  slack:
    'un message `disconnect` dont le motif est warning, refresh_requested, link_disabled ou too_many_websockets',
  binance: 'un événement `serverShutdown` ; 24 heures au plus ; un pong dans la minute',
  homeAssistant: 'un message `auth_invalid` ; le client attend chaque fois une seconde de plus, au plus cinq',
  yWebsocket: 'ignore le code ; attend 100 ms * 2^n, au plus 2,5 s',
  socketIo: 'ferme sans code, si bien que le pair signale 1005 ; des chaînes de motif à lui',
  appSync: 'des messages `connection_error` ; backoff exponentiel avec jitter',
}
