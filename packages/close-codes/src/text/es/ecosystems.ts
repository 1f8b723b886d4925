import type { EcosystemTexts, InsteadTexts } from '../language.ts'

export const ecosystems: EcosystemTexts = {
  'graphql-ws': {
    rule: 'Los demás códigos 1xxx son definitivos, salvo 1000, 1001, 1005, 1006 y 1012-1014. El cliente espera 2^n s más de 0,3 a 3 s, cinco veces.',
    codes: {
      4400: 'el mensaje no es del protocolo',
      4401: 'una operación antes de que se confirmara la conexión; no se trata de credenciales malas',
      4403: 'el servidor rechaza la conexión; el acceso puede concederse más tarde',
      4406: 'ningún subprotocolo en común',
      4408: '`connection_init` no llegó a tiempo',
      4409: 'el id de la operación está en uso',
      4429: '`connection_init` llegó dos veces',
      4500: 'el servidor lanzó una excepción',
      4004: 'el cliente recibió un mensaje no válido',
      4005: 'el cliente lanzó una excepción',
      4504: 'la confirmación no llegó a tiempo',
      4499: 'lo crea el propio cliente, con `client.terminate()`',
    },
  },
  discord: {
    note: 'Un cliente que cierra con 1000 o 1001 pone fin a su sesión; con cualquier otro código puede reanudarla.',
    codes: {
      4000: 'intenta reconectar',
      4001: 'opcode o contenido no válidos',
      4002: 'contenido no válido',
      4003: 'un envío antes de identify, o la sesión ya no vale',
      4004: 'token equivocado',
      4005: 'identificado dos veces',
      4007: 'secuencia equivocada al reanudar; empieza una sesión nueva',
      4008: 'demasiados envíos',
      4009: 'empieza una sesión nueva',
      4014: 'no activado o no aprobado',
    },
  },
  'discord-voice': {
    note: 'Lavalink los transmite y no tiene códigos propios.',
    codes: {
      4014: 'expulsado, o se cayó la sesión principal',
      4015: 'intenta reanudar',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099: no reconectar sin cambios. 4100-4199: reconectar tras un segundo o más. 4200-4299: reconectar de inmediato.',
    note: '4301 y 4302 llegan en eventos de error, no en un Close.',
    codes: {
      4000: 'reconecta con `wss://`',
      4100: 'espera un segundo o más',
      4202: '24 horas sin actividad y sin ping del cliente',
    },
  },
  centrifuge: {
    rule: '3000-3499 y 4000-4499: reconectar, backoff de 0,5 a 20 s. 3500-3999, 4500-4999 y 1009: no reconectar.',
    codes: {
      3000: 'ninguna indicación del servidor; el registro tiene aquí Unauthorized',
      3001: 'el nodo se apaga',
      3008: 'el cliente lee demasiado despacio; el registro tiene aquí Timeout',
      3502: 'no se autenticó a tiempo',
    },
  },
  twitch: {
    codes: {
      4000: 'como HTTP 500',
      4001: 'solo se permiten pongs',
      4003: 'ninguna suscripción en 10 s',
      4004: '30 s después de `session_reconnect`',
      4005: 'se pasa solo',
      4006: 'se pasa solo',
      4007: 'la URL de reconexión no es válida; usa la predeterminada',
    },
  },
  obs: {
    codes: {
      4009: 'reconecta con otra contraseña',
      4011: 'expulsado por el usuario de OBS; un cliente no debe reconectar por su cuenta',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: 'un solo código para todos los errores fatales; el motivo dice cuál: NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: 'el cliente se fue a propósito',
    },
  },
  socketcluster: {
    rule: '4000, 4001 y 1005: reconectar de inmediato. 1000 y todo desde 4500: no reconectar. El resto: reconectar tras 10 a 20 s.',
  },
  sockjs: {
    note: 'Viaja en tramas propias de SockJS (`c[...]`); no siempre es un código de cierre de verdad.',
    codes: {
      3000: 'la sesión está cerrada; el registro tiene aquí Unauthorized',
    },
  },
  websocketpp: {
    codes: {
      3000: 'el registro tiene aquí Unauthorized',
    },
  },
  spring: {
    note: 'El mismo número significa otra cosa en graphql-ws.',
    codes: {
      4500: 'no se pudo enviar un mensaje dentro de los límites',
    },
  },
  openai: {
    note: 'Observado en octubre de 2024.',
    codes: {
      3000: 'clave equivocada; encaja con el significado registrado',
    },
  },
  gemini: {
    note: 'Códigos registrados usados como errores de aplicación; el motivo contiene la verdadera causa.',
    codes: {
      1007: 'un argumento no válido, o una clave de API caducada',
      1008: 'una entidad o un modelo desconocidos',
      1011: 'un error interno, o una cuota',
    },
  },
  aws: {
    note: '1013 y 1014 no están en su lista.',
    codes: {
      1001: 'inactiva 10 minutos, o con 2 horas de edad',
      1003: 'no se admiten mensajes binarios',
      1005: 'el cliente cerró sin código',
      1006: 'la conexión terminó sin Close',
      1008: 'demasiadas peticiones de un cliente',
      1009: 'un mensaje por encima del límite',
      1011: 'un fallo del servicio',
      1012: 'el servicio se reinicia',
    },
  },
  pandascore: {
    note: 'Un ejemplo de 4000 más un estado HTTP abreviado.',
    codes: {
      4001: 'sin token',
      4003: 'no incluido en el plan',
      4029: 'tres por partida',
    },
  },
  fluxer: {
    note: 'Los demás códigos son los de Discord Gateway, 4000-4012.',
  },
  'fastify-http-proxy': {
    note: 'Suma 3000 a 1004, 1005 y 1006, que no pueden viajar. Visto con 11.6.3; no tiene clientes propios.',
    codes: {
      4005: 'el upstream cerró sin código',
      4006: 'se perdió la conexión con el upstream',
    },
  },
}

export const withoutOwnCodes: InsteadTexts = {
  slack:
    'un mensaje `disconnect` cuyo motivo es warning, refresh_requested, link_disabled o too_many_websockets',
  binance: 'un evento `serverShutdown`; 24 horas como mucho; un pong en menos de un minuto',
  homeAssistant: 'un mensaje `auth_invalid`; el cliente espera cada vez un segundo más, cinco como mucho',
  yWebsocket: 'no hace caso del código; espera 100 ms * 2^n, 2,5 s como mucho',
  socketIo: 'cierra sin código, así que el otro lado comunica 1005; cadenas de motivo propias',
  appSync: 'mensajes `connection_error`; backoff exponencial con jitter',
}
