import type { PageText } from '../language.ts'

export const page: PageText = {
  title: 'Codes de fermeture WebSocket',
  intro: [
    'Les 19 codes de fermeture enregistrés : ce que chacun veut dire, quand il apparaît, comment y remédier, et s’il faut se reconnecter, et quand.',
  ],
  overview: 'Tous les codes',
  ranges: 'Plages',
  delays: 'Comment un client tire son délai',
  delaysText: [
    'Un client attend un temps aléatoire compris entre les deux nombres donnés pour un code. À chaque nouvelle tentative, le plus grand double, jusqu’au plafond ; le plus petit reste. Une connexion ne compte comme rétablie qu’après avoir vécu quelques secondes : un serveur qui accepte puis referme aussitôt ne remet donc rien à zéro.',
    'Quand le motif se termine par `retry=`, la première tentative a lieu exactement à ce moment, parce que le serveur a étalé ses clients exprès. À partir de la deuxième, `retry=` est le délai minimal, et le backoff continue au-dessus.',
    'Un code qui n’est pas dans cette table mais qui peut circuler (1016-2999, le reste de 3000-3999, 4000-4999) a un sens que seule l’application connaît : se reconnecter, comme après 1014. Un code qui ne doit pas circuler et arrive pourtant vient d’un pair défectueux : ne pas se reconnecter, comme après 1002.',
  ],
  reasons: 'Le motif',
  reasonsText: [
    'Une trame Close offre 125 octets, dont deux pour le code : un motif compte au plus 123 octets d’UTF-8. Un texte plus long est coupé entre deux caractères.',
    'Un motif peut se terminer par `; retry=<milliseconds>`, ou n’être que `retry=<milliseconds>` : des chiffres décimaux, au plus 86400000 (un jour). Le suffixe n’est jamais coupé. Tout ce qui lui ressemble sans l’être est du texte. Une passerelle qui n’a transmis aucun message du client le dit par `; sent=0` placé devant : ils peuvent être renvoyés, et aucun n’arrive deux fois.',
  ],
  support: 'Prise en charge à la réception',
  supportText:
    'Toutes les implémentations acceptent les codes de la RFC 6455. Il n’en va pas de même des plus récents : sur les {of} ci-dessous, {restart} refusent 1012 et 1013, et {badGateway} refusent 1014. Un code refusé apparaît comme 1002 ou 1006. La suite de tests d’après laquelle la plupart des bibliothèques ont été écrites donnait 1012 et 1013 pour invalides jusqu’en février 2016, et 1014 jusqu’en août 2018.',
  privateCodes: 'Codes des écosystèmes',
  privateCodesText: [
    'Les codes à partir de 4000 sont privés, et plusieurs écosystèmes emploient des nombres plus petits dans un sens à eux. Un même nombre veut dire des choses différentes d’un écosystème à l’autre.',
    'Quatre habitudes sont répandues : 4000 plus un statut HTTP (4401, 4403 : graphql-ws, Hocuspocus) ; les centaines disent s’il faut se reconnecter (Pusher, Centrifuge) ; un seul code, et la cause dans le motif (tldraw) ; une numérotation continue à partir de 4000 (Discord, Twitch, OBS, Colyseus).',
  ],
  withoutPrivateCodes: 'Sans codes à eux',
}
