import type { EcosystemTexts, InsteadTexts } from '../language.ts'

export const ecosystems: EcosystemTexts = {
  'graphql-ws': {
    rule: 'Os outros códigos 1xxx são definitivos, exceto 1000, 1001, 1005, 1006 e 1012-1014. O cliente espera 2^n s mais 0,3-3 s, cinco vezes.',
    codes: {
      4400: 'a mensagem não é do protocolo',
      4401: 'uma operação antes de a conexão ser confirmada; não se trata de credenciais ruins',
      4403: 'o servidor recusa a conexão; o acesso pode ser concedido mais tarde',
      4406: 'nenhum subprotocolo em comum',
      4408: '`connection_init` não veio a tempo',
      4409: 'o id da operação está em uso',
      4429: '`connection_init` veio duas vezes',
      4500: 'o servidor lançou uma exceção',
      4004: 'o cliente recebeu uma mensagem inválida',
      4005: 'o cliente lançou uma exceção',
      4504: 'a confirmação não veio a tempo',
      4499: 'criado pelo próprio cliente, com `client.terminate()`',
    },
  },
  discord: {
    note: 'Um cliente que fecha com 1000 ou 1001 encerra a sessão; com qualquer outro código, pode retomá-la.',
    codes: {
      4000: 'tente reconectar',
      4001: 'opcode ou conteúdo inválido',
      4002: 'conteúdo inválido',
      4003: 'um envio antes do identify, ou a sessão já não vale',
      4004: 'token errado',
      4005: 'identificado duas vezes',
      4007: 'sequência errada em uma retomada; comece uma sessão nova',
      4008: 'envios demais',
      4009: 'comece uma sessão nova',
      4014: 'não ativado ou não aprovado',
    },
  },
  'discord-voice': {
    note: 'Lavalink os repassa e não tem códigos próprios.',
    codes: {
      4014: 'expulso, ou a sessão principal caiu',
      4015: 'tente retomar',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099: não reconectar sem mudanças. 4100-4199: reconectar depois de um segundo ou mais. 4200-4299: reconectar na hora.',
    note: '4301 e 4302 vêm em eventos de erro, não em um Close.',
    codes: {
      4000: 'reconecte com `wss://`',
      4100: 'espere um segundo ou mais',
      4202: '24 horas sem atividade e sem ping do cliente',
    },
  },
  centrifuge: {
    rule: '3000-3499 e 4000-4499: reconectar, backoff de 0,5-20 s. 3500-3999, 4500-4999 e 1009: não reconectar.',
    codes: {
      3000: 'nenhuma orientação do servidor; o registro tem aqui Unauthorized',
      3001: 'o nó está se desligando',
      3008: 'o cliente lê devagar demais; o registro tem aqui Timeout',
      3502: 'não se autenticou a tempo',
    },
  },
  twitch: {
    codes: {
      4000: 'como HTTP 500',
      4001: 'só pongs são permitidos',
      4003: 'nenhuma assinatura em 10 s',
      4004: '30 s depois de `session_reconnect`',
      4005: 'passa sozinho',
      4006: 'passa sozinho',
      4007: 'a URL de reconexão não é válida; use a padrão',
    },
  },
  obs: {
    codes: {
      4009: 'reconecte com outra senha',
      4011: 'expulso pelo usuário do OBS; um cliente não deve reconectar por conta própria',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: 'um só código para todos os erros fatais; o motivo diz qual: NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: 'o cliente saiu de propósito',
    },
  },
  socketcluster: {
    rule: '4000, 4001 e 1005: reconectar na hora. 1000 e tudo a partir de 4500: não reconectar. O resto: reconectar depois de 10-20 s.',
  },
  sockjs: {
    note: 'Trafega em frames próprios do SockJS (`c[...]`); nem sempre é um código de fechamento de verdade.',
    codes: {
      3000: 'a sessão está fechada; o registro tem aqui Unauthorized',
    },
  },
  websocketpp: {
    codes: {
      3000: 'o registro tem aqui Unauthorized',
    },
  },
  spring: {
    note: 'O mesmo número quer dizer outra coisa no graphql-ws.',
    codes: {
      4500: 'uma mensagem não pôde ser enviada dentro dos limites',
    },
  },
  openai: {
    note: 'Observado em outubro de 2024.',
    codes: {
      3000: 'chave errada; combina com o significado registrado',
    },
  },
  gemini: {
    note: 'Códigos registrados usados como erros de aplicação; o motivo traz a causa verdadeira.',
    codes: {
      1007: 'um argumento inválido, ou uma chave de API expirada',
      1008: 'uma entidade ou um modelo desconhecidos',
      1011: 'um erro interno, ou uma cota',
    },
  },
  aws: {
    note: '1013 e 1014 não estão na lista dele.',
    codes: {
      1001: 'inativa por 10 minutos, ou com 2 horas de idade',
      1003: 'mensagens binárias não são suportadas',
      1005: 'o cliente fechou sem código',
      1006: 'a conexão terminou sem um Close',
      1008: 'requisições demais de um cliente',
      1009: 'uma mensagem acima do limite',
      1011: 'uma falha do serviço',
      1012: 'o serviço está reiniciando',
    },
  },
  pandascore: {
    note: 'Um exemplo de 4000 mais um status HTTP abreviado.',
    codes: {
      4001: 'sem token',
      4003: 'fora do plano',
      4029: 'três por partida',
    },
  },
  fluxer: {
    note: 'Os outros códigos são os do Discord Gateway, 4000-4012.',
  },
  'fastify-http-proxy': {
    note: 'Soma 3000 a 1004, 1005 e 1006, que não podem trafegar. Visto com 11.6.3; não tem clientes próprios.',
    codes: {
      4005: 'o upstream fechou sem código',
      4006: 'a conexão com o upstream foi perdida',
    },
  },
}

export const withoutOwnCodes: InsteadTexts = {
  slack:
    'uma mensagem `disconnect` cujo motivo é warning, refresh_requested, link_disabled ou too_many_websockets',
  binance: 'um evento `serverShutdown`; no máximo 24 horas; um pong em até um minuto',
  homeAssistant:
    'uma mensagem `auth_invalid`; o cliente espera um segundo a mais a cada vez, no máximo cinco',
  yWebsocket: 'ignora o código; espera 100 ms * 2^n, no máximo 2,5 s',
  socketIo: 'fecha sem código, de modo que o outro lado informa 1005; strings de motivo próprias',
  appSync: 'mensagens `connection_error`; backoff exponencial com jitter',
}
