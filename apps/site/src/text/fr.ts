import type { SiteText } from './site-text.ts'

export const fr: SiteText = {
  skip: 'Aller au contenu',
  navigation: 'Rubriques du site',
  languages: 'Langues',
  search: 'Rechercher',
  searchHint: '1006, redémarrage, nginx…',
  nothingFound: 'Aucun résultat pour « {query} ».',
  footer:
    'Tout ce qui figure sur cette page provient d’une seule table, celle que le programme utilise lui-même. La page n’interroge aucun autre serveur.',
  asJson: 'Cette page en JSON',
  sections: {
    codes: 'Codes de fermeture',
    compare: 'Comparer',
    who: 'Qui envoie quoi',
    diagnose: 'Diagnostiquer',
    frame: 'Trames',
    tryIt: 'Essayer',
    guide: 'Guide',
    api: 'API',
  },
  category: 'Codes de fermeture WebSocket',
  home: {
    title: 'Codes de fermeture WebSocket : ce qu’ils signifient et que faire',
    description:
      'Les 19 codes de fermeture WebSocket enregistrés, toutes les comparaisons deux à deux, et des outils pour comprendre pourquoi une connexion s’est fermée.',
    intro:
      'Votre WebSocket s’est fermé et il ne vous reste qu’un numéro. Voici ce qu’il signifie, qui l’envoie et que faire.',
    start: 'Vous avez un numéro',
    about: {
      codes:
        'Chaque code enregistré : sa signification, quand vous le voyez, comment résoudre le problème et s’il faut se reconnecter.',
      compare: 'Deux codes côte à côte, et lequel utiliser dans quel cas.',
      who: 'Ce que les serveurs, les proxys et les clients font réellement lorsqu’ils s’arrêtent ou échouent, mesures à l’appui.',
      diagnose:
        'Collez la configuration de votre proxy et voyez la ligne qui empêche les WebSockets de fonctionner. Rien ne quitte la page.',
      frame:
        'Décodez des trames en hexadécimal, un fichier HAR ou une capture, et voyez pourquoi la connexion s’est fermée.',
      tryIt:
        'Arrêtez, tuez ou bloquez un vrai serveur et observez ce que voit un client, avec et sans Holdfast.',
      guide: 'Comment exploiter Holdfast, de la première minute à plusieurs machines.',
      api: 'Les interfaces des paquets.',
    },
  },
  codePage: {
    description: 'Code de fermeture WebSocket {code} {name} : {meaning}',
    compareWith: 'Comparer avec',
    inEcosystems: 'Ce que d’autres entendent par ce code',
  },
  pairPage: {
    whatItIs: 'De quoi il s’agit',
    differences: 'Différences clés',
    common: 'Points communs',
    whichToUse: 'Quand utiliser lequel',
    whoSends: 'Qui l’envoie',
    clients: 'Ce qu’en font les clients',
    onTheWire: 'Sur le réseau',
    linesToWrite: 'Les lignes à écrire',
    nothingToWrite: 'Rien : aucun programme ne l’envoie.',
    notes: 'À savoir',
    description:
      '{a} ou {b} ? Ce qui distingue ces deux codes de fermeture WebSocket, quand vous les voyez, comment résoudre le problème et lequel utiliser.',
    often: 'Souvent comparés',
    all: 'Toutes les paires',
    intro:
      'Deux codes de fermeture côte à côte : ce qui les distingue, quand vous voyez l’un ou l’autre, et lequel envoyer.',
  },
  wire: {
    noFrame: '{code} ne figure jamais dans une trame.',
    example: 'Une trame Close envoyée par un serveur, octet par octet :',
    head: 'dernier fragment, opcode 8 (Close), et la longueur de ce qui suit',
    number: 'le code, {code}, sur 16 bits',
    reason: 'la raison, en UTF-8 : {reason}',
  },
}
