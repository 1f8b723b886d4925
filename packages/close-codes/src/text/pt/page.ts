import type { PageText } from '../language.ts'

export const page: PageText = {
  title: 'Códigos de fechamento do WebSocket',
  intro: [
    'Os 19 códigos de fechamento registrados: o que cada um significa, quando você o vê, como resolver, e se é para reconectar e quando.',
  ],
  overview: 'Todos os códigos',
  ranges: 'Faixas',
  delays: 'Como um cliente sorteia sua espera',
  delaysText: [
    'Um cliente espera um tempo aleatório entre os dois números dados para um código. A cada nova tentativa o maior dobra, até o teto; o menor fica. Uma conexão só conta como restabelecida depois de viver alguns segundos, de modo que um servidor que aceita e torna a fechar não zera nada.',
    'Quando o motivo termina em `retry=`, a primeira tentativa vem exatamente nesse momento, porque o servidor espalhou os clientes de propósito. Da segunda em diante `retry=` é a espera mínima, e o backoff continua acima dela.',
    'Um código que não está nesta tabela mas pode trafegar (1016-2999, o resto de 3000-3999, 4000-4999) quer dizer algo que só a aplicação sabe: reconectar, como depois de 1014. Um código que não pode trafegar e mesmo assim chegou vem de um lado com defeito: não reconectar, como depois de 1002.',
  ],
  reasons: 'O motivo',
  reasonsText: [
    'Um frame Close tem espaço para 125 bytes, dos quais dois são o código: um motivo tem no máximo 123 bytes de UTF-8. Um texto mais longo é cortado entre dois caracteres.',
    'Um motivo pode terminar em `; retry=<milliseconds>`, ou ser só `retry=<milliseconds>`: dígitos decimais, no máximo 86400000 (um dia). O sufixo nunca é cortado. Qualquer outra coisa parecida com ele é texto. Um gateway que não entregou nenhuma mensagem do cliente diz isso com `; sent=0` antes: elas podem ser reenviadas, e nenhuma chega duas vezes.',
  ],
  support: 'Suporte ao receber',
  supportText:
    'Toda implementação aceita os códigos da RFC 6455. Com os posteriores é diferente: das {of} abaixo, {restart} recusam 1012 e 1013, e {badGateway} recusam 1014. Um código recusado aparece como 1002 ou 1006. A suíte de testes com que a maioria das bibliotecas foi construída dava 1012 e 1013 por inválidos até fevereiro de 2016, e 1014 até agosto de 2018.',
  privateCodes: 'Códigos de ecossistemas',
  privateCodesText: [
    'Códigos a partir de 4000 são privados, e vários ecossistemas usam números menores em um sentido próprio. O mesmo número quer dizer coisas diferentes em ecossistemas diferentes.',
    'Quatro hábitos são comuns: 4000 mais um status HTTP (4401, 4403: graphql-ws, Hocuspocus); as centenas dizem se é para reconectar (Pusher, Centrifuge); um só código e a causa no motivo (tldraw); contar a partir de 4000 (Discord, Twitch, OBS, Colyseus).',
  ],
  withoutPrivateCodes: 'Sem códigos próprios',
}
