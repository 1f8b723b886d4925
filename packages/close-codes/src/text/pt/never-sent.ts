import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: 'Reservado. Não tem significado.',
    says: 'Este número não quer dizer nada.',
    description:
      'Um buraco na tabela. Rascunhos do protocolo traziam aqui “mensagem grande demais”, que virou 1009; alguns textos velhos ainda dizem isso.',
    whenSeen: 'Praticamente nunca. Quem o envia foi escrito a partir de um rascunho.',
    howToFix: ['Atualize o outro lado. Se o assunto é tamanho, o código é 1009.'],
    causes: ['Constantes de um rascunho do protocolo.'],
    pitfalls: [
      'ws, gorilla/websocket, coder/websocket e .NET o recusam ao receber; Chromium e Firefox o entregam à página.',
    ],
    use: 'Nunca. Se um rascunho fez você pensar em tamanho, envie 1009.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Nenhuma: ele não é usado.',
      holdfast: 'Ele não pode trafegar, então quem o envia viola o protocolo, como no 1002.',
    },
  },
  noStatusReceived: {
    meaning: 'O frame Close do outro lado não trazia código.',
    says: 'O outro lado fechou e não deu código.',
    description:
      'Uma marca para a própria aplicação, nunca enviada. O outro lado fechou corretamente, com um Close sem corpo, e a biblioteca põe 1005 para que haja um número a olhar.',
    whenSeen:
      'O outro lado chamou `close()` sem argumentos (Socket.IO e Tornado fazem isso), uma página perdeu a última referência a um WebSocket, ou um framework fecha sem código.',
    howToFix: [
      'Passe um código para `close()` no lado que fecha, para que o outro saiba por quê.',
      'Em um proxy, nunca repasse 1005: feche sem código.',
    ],
    causes: [
      '`close()` sem argumentos.',
      'Um objeto WebSocket levado pelo coletor de lixo.',
      'Uma biblioteca que fecha com o corpo vazio.',
    ],
    pitfalls: [
      '`close(1005)` lança exceção, no ws e nos navegadores; proxies que o repassavam já caíram por isso.',
      '`wasClean` é verdadeiro.',
      'O Uvicorn informa 1005 à aplicação quando o TCP se perdeu depois do handshake, onde 1006 caberia.',
    ],
    use: 'Nunca: o outro lado o lê quando você chama `close()` sem código. Passe um.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Variada: SocketCluster reconecta na hora, sockette não reconecta.',
      holdfast:
        'Nada diz que o fim era desejado, então é tratado como conexão perdida. O gateway repassa um Close vazio como um Close vazio.',
    },
  },
  abnormalClosure: {
    meaning: 'A conexão terminou sem um frame Close.',
    says: 'A conexão sumiu, e ninguém disse por quê.',
    description:
      'Uma marca para a própria aplicação, nunca enviada. O TCP foi cortado, um processo foi morto, o handshake falhou ou um proxy desistiu. Os navegadores escondem a causa de propósito, para que uma página não possa sondar a rede à sua volta.',
    whenSeen:
      'Tempos de inatividade de balanceadores de carga, uma queda ou `kill -9`, `terminate()` no ws, uma troca de rede, um notebook em suspensão, uma recarga do nginx, uma falha de DNS ou TLS, uma resposta HTTP ao upgrade (401, 403, 404, 502, 503), conteúdo misto, uma política de segurança de conteúdo.',
    howToFix: [
      'Olhe fora do script: a aba de rede do navegador mostra o status HTTP de um upgrade que falhou.',
      'Repita o upgrade com `curl -i` ou `wscat`, que mostram o que um navegador esconde.',
      'Leia os logs do servidor e de cada proxy naquele exato segundo.',
      'Se ele vem sempre depois do mesmo tempo de inatividade, envie pings com mais frequência que o menor limite do caminho, ou aumente esse limite.',
      'No servidor, envie um Close antes de sair.',
    ],
    causes: [
      'O handshake de abertura falhou.',
      'Um tempo de inatividade ou de leitura de um proxy.',
      'O processo caiu ou foi morto.',
      'A rede se perdeu.',
      'O TLS falhou; os navegadores nunca dizem 1015.',
      'O servidor encerrou o TCP sem um Close.',
    ],
    pitfalls: [
      'Uma página vê 1006 com motivo vazio do mesmo jeito para uma porta recusada, um nome desconhecido, uma falha de TLS, uma resposta diferente de 101 e um corte.',
      'Nunca o repasse: o ws lança exceção. Diga 1014 ou 1011, ou feche sem código.',
      'O uWebSockets o informa também para um Close correto cujo código ele recusa (1012-3999).',
      'O Chromium espera até 60 s pela resposta ao próprio Close antes de informar 1006.',
    ],
    use: 'Nunca: o outro lado o lê quando você encerra o TCP sem um Close. Diga antes por que está saindo.',
    retry: {
      registered:
        'RFC 6455, seção 7.2.3: a primeira tentativa depois de uma espera aleatória, para a qual 0-5 s é dito razoável, e depois backoff exponencial binário truncado.',
      practice:
        'De imediatamente a alguns segundos. Muitas bibliotecas não têm jitter, e todos os seus clientes reconectam juntos.',
      holdfast:
        'Segue a RFC. O gateway existe para tornar este código raro: atrás dele, um upstream perdido chega ao cliente como 1014, com a causa no motivo.',
    },
  },
  tlsHandshake: {
    meaning: 'O handshake TLS falhou.',
    says: 'O TLS falhou antes que pudéssemos conversar.',
    description:
      'Uma marca para a própria aplicação, nunca enviada: `wss://` falhou antes do primeiro byte de WebSocket.',
    whenSeen: 'Quase nunca. Os navegadores não o usam e informam 1006; algumas bibliotecas nativas o têm.',
    howToFix: [
      'Rode `openssl s_client -connect HOST:443 -servername HOST` e leia o erro.',
      'Confira a validade, a cadeia e o nome de host do certificado, as versões de TLS do servidor e o relógio do cliente.',
      'Procure um proxy corporativo ou antivírus que intercepte TLS.',
    ],
    causes: [
      'Um certificado expirado ou autoassinado.',
      'Um certificado para outro nome.',
      'Interceptação de TLS no caminho.',
      'Nenhuma versão de TLS em comum.',
    ],
    pitfalls: [
      'O outro lado pode enviá-lo por engano: o Chromium faz um frame desses falhar; Firefox, WebSocket-Node e soketto o aceitam.',
    ],
    use: 'Nunca: antes de o TLS estar de pé não há por onde enviá-lo.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar até que o certificado ou os ajustes sejam corrigidos.',
      holdfast:
        'Enquanto um cliente espera, certificados são renovados e portais cativos ficam para trás, e com backoff as tentativas custam pouco: tratado como conexão perdida.',
    },
  },
}
