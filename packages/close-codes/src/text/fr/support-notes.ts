import type { SupportNotes } from '../language.ts'

export const supportNotes: SupportNotes = {
  chromium: 'Ne refuse que 1005, 1006 et 1015 ; même 999, 1004 et 2000 passent.',
  firefox: 'Ne regarde pas le nombre, seulement l’UTF-8 du motif.',
  ws: '1012 et 1013 depuis octobre 2016, 1014 depuis janvier 2020.',
  websockets: 'Ne compte que 1000, 1001 et 1005 comme une fin normale.',
  aiohttp: '1013 et 1014 depuis novembre 2020 ; laisse aussi passer 1006.',
  'websocket-client': 'La version 1.2.3, celle de Debian 12, refuse 1012 et 1013.',
  tornado: 'Ne vérifie pas ; renvoie le code en écho.',
  autobahn: 'Tient encore 1014 pour non attribué.',
  gorilla:
    'Répond à 1014 par 1002 `bad close code 1014` et renvoie une erreur qui n’est pas un `*CloseError`.',
  tungstenite: 'Répond à 1014 par 1002 et signale 1002.',
  soketto: 'Accepte 1015.',
  dotnet: 'Depuis mars 2023 ; les versions antérieures abandonnent la connexion.',
  jdk: 'Refuse 1010 ; son client n’a pas le droit d’envoyer 1012-1014.',
  netty: 'Depuis décembre 2018.',
  okhttp: 'Refuse 1004-1006 et 1015-2999 ; 3.x refuse aussi 1012-1014.',
  cowlib: 'Refuse 1012-2999 par 1002 ; l’envoi de 1012 fonctionne.',
  bandit: 'Donne le code à l’application, mais répond par 1002 au 1012-1014 d’un client.',
  uwebsockets: 'Signale 1006 `invalid close payload` pour 1012-3999.',
  'libwebsockets-server': 'Les transforme en 1002.',
  'libwebsockets-client': 'Accepte 1015 ; 4.1.6 refuse 1012-1015.',
  beast: '1.74 répond à 1014 par 1002.',
  starscream: '1012 depuis la 3.0 (2017).',
  'websocket-node': 'Accepte 1015.',
  dart: 'Ne peut pas envoyer 1012-1014 ; son comportement à la réception a été lu dans sa source, pas essayé.',
}
