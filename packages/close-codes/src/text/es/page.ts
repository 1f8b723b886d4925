import type { PageText } from '../language.ts'

export const page: PageText = {
  title: 'Códigos de cierre de WebSocket',
  intro: [
    'Los 19 códigos de cierre registrados: qué significa cada uno, cuándo lo ves, cómo solucionarlo, y si hay que reconectar y cuándo.',
  ],
  overview: 'Todos los códigos',
  ranges: 'Rangos',
  delays: 'Cómo sortea un cliente su espera',
  delaysText: [
    'Un cliente espera un tiempo aleatorio entre los dos números que se dan para un código. Con cada nuevo intento el mayor se duplica, hasta el tope; el menor se queda. Una conexión solo cuenta como recuperada cuando ha vivido unos segundos, así que un servidor que acepta y cierra otra vez no pone nada a cero.',
    'Cuando el motivo acaba en `retry=`, el primer intento llega exactamente entonces, porque el servidor ha repartido a sus clientes a propósito. A partir del segundo intento `retry=` es la espera mínima, y el backoff sigue por encima.',
    'Un código que no está en esta tabla pero puede viajar (1016-2999, el resto de 3000-3999, 4000-4999) significa algo que solo la aplicación sabe: reconectar, como tras 1014. Un código que no puede viajar y aun así llegó viene de un extremo averiado: no reconectar, como tras 1002.',
  ],
  reasons: 'El motivo',
  reasonsText: [
    'Una trama Close tiene sitio para 125 bytes, dos de los cuales son el código: un motivo tiene como mucho 123 bytes de UTF-8. Un texto más largo se corta entre dos caracteres.',
    'Un motivo puede acabar en `; retry=<milliseconds>`, o ser solo `retry=<milliseconds>`: dígitos decimales, como mucho 86400000 (un día). El sufijo no se corta nunca. Cualquier otra cosa que se le parezca es texto. Un gateway que no ha entregado ningún mensaje del cliente lo dice con `; sent=0` delante: se pueden enviar otra vez y ninguno llega dos veces.',
  ],
  support: 'Compatibilidad al recibir',
  supportText:
    'Todas las implementaciones aceptan los códigos de la RFC 6455. No así los posteriores: de las {of} de abajo, {restart} rechazan 1012 y 1013, y {badGateway} rechazan 1014. Un código rechazado se ve como 1002 o 1006. La batería de pruebas con la que se construyó la mayoría de las bibliotecas daba 1012 y 1013 por no válidos hasta febrero de 2016, y 1014 hasta agosto de 2018.',
  privateCodes: 'Códigos de ecosistemas',
  privateCodesText: [
    'Los códigos a partir de 4000 son privados, y varios ecosistemas usan números menores en un sentido propio. El mismo número significa cosas distintas en ecosistemas distintos.',
    'Hay cuatro costumbres frecuentes: 4000 más un estado HTTP (4401, 4403: graphql-ws, Hocuspocus); las centenas dicen si hay que reconectar (Pusher, Centrifuge); un solo código y la causa en el motivo (tldraw); numerar seguido desde 4000 (Discord, Twitch, OBS, Colyseus).',
  ],
  withoutPrivateCodes: 'Sin códigos propios',
}
