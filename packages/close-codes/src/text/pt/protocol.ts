import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: 'A conexão cumpriu seu papel e termina de propósito.',
    says: 'Terminamos. Até logo.',
    description:
      'Um fim limpo: um lado disse que havia terminado, o outro concordou. Os programas o tomam por sucesso, e a maioria dos clientes que se reconectam sozinhos não o faz depois dele.',
    whenSeen:
      'Depois de um `close(1000)` em um script, quando a última assinatura termina, quando uma tarefa é concluída, ou no desligamento de um servidor cujo padrão é 1000.',
    howToFix: [
      'Se o fim era esperado, não faça nada.',
      'Se os clientes não reconectam depois de um deploy, veja com que código o servidor se desliga (Bandit e Vert.x usam 1000 por padrão; uWebSockets, quando uma conexão atinge a idade máxima) e troque-o por 1012 ou 1001.',
    ],
    causes: [
      'A aplicação chamou `close(1000)`.',
      'Um cliente não tinha mais nada para ouvir, como um cliente GraphQL depois da última assinatura.',
      'Um framework diz 1000 sempre que para.',
      'A conexão atingiu a idade máxima.',
    ],
    pitfalls: [
      'phoenix.js e muitos outros clientes nunca reconectam depois de 1000.',
      '`close()` sem argumentos não envia 1000: o Close vai vazio e o outro lado vê 1005.',
      'Uma sessão do Discord acaba quando o cliente fecha com 1000 ou 1001; depois de qualquer outro código ela pode ser retomada.',
    ],
    use: 'O trabalho está feito, e ninguém precisa reconectar.',
    retry: {
      registered: 'Nenhuma orientação. A RFC diz que a conexão cumpriu seu propósito.',
      practice:
        'Não reconectar, a menos que a aplicação ainda precise da conexão; graphql-ws reconecta na hora enquanto houver uma assinatura viva.',
      holdfast: 'Nada falhou, então não há o que repetir. O gateway repassa o 1000 tal como chegou.',
    },
  },
  goingAway: {
    meaning: 'O endpoint está indo embora: um servidor se desliga, ou um navegador sai da página.',
    says: 'Estou indo embora.',
    description:
      'O código mais comum em um desligamento, e o único que a RFC 6455 prevê para isso. Diz que o endpoint está saindo, mas não se estará no ar outra vez, nem quando.',
    whenSeen:
      'Deploys e reduções de capacidade (servidores com Python websockets, Java-WebSocket, graphql-ws ou aiohttp), recargas do Caddy, reinícios de nós de borda da Cloudflare, AWS API Gateway depois de dez minutos de inatividade ou duas horas, Discord pedindo que os clientes reconectem. Em um servidor, sempre que um usuário fecha a aba.',
    howToFix: [
      'Deixe o cliente reconectar depois de uma espera aleatória.',
      'No servidor, espalhe os fechamentos por alguns segundos; se o servidor for reiniciar, envie 1012 no lugar.',
      'Contra um limite de inatividade, envie pings bem antes do fim dele.',
      'Contra uma idade máxima, abra a próxima conexão antes do limite e passe para ela.',
    ],
    causes: [
      'Um servidor, worker ou proxy para.',
      'Um proxy recarrega a configuração, ou um nó de borda reinicia.',
      'Um tempo de inatividade ou uma idade máxima foi atingido.',
      'O usuário saiu da página.',
    ],
    pitfalls: [
      'Um script não pode enviá-lo: `close(1001)` lança `InvalidAccessError`.',
      'Python websockets o conta como fim normal, de modo que um laço `async for` sobre as mensagens simplesmente acaba.',
      'Um cliente que não reconecta depois de 1001, como o sockette, fica desconectado a cada recarga do Caddy.',
    ],
    use: 'Você está parando e não sabe se estará no ar outra vez: desligamento definitivo, redução de capacidade, idade máxima.',
    retry: {
      registered:
        'Nada para este código. Para fechamentos anormais, a RFC 6455, seção 7.2.3, pede uma primeira espera aleatória, como 0-5 s, e backoff exponencial.',
      practice: 'Reconectar depois de uma espera aleatória curta e depois espaçar as tentativas.',
      holdfast:
        'O servidor saiu do ar e não disse por quanto tempo: tratado como conexão perdida. O gateway só envia 1001 aos upstreams, quando drena as conexões.',
    },
  },
  protocolError: {
    meaning: 'O outro lado violou o protocolo WebSocket.',
    says: 'O que você enviou não é WebSocket.',
    description:
      'Um lado recebeu o que a RFC 6455 não permite: um bit de máscara errado, um bit ou opcode reservado, fragmentação quebrada, um frame de controle longo demais, ou um código de fechamento que ele não conhece.',
    whenSeen:
      'Clientes e servidores escritos à mão, proxies que mexem nos frames, compressão que não casa, bytes HTTP em um socket que já passou pelo upgrade, ou um código de fechamento novo enviado a uma biblioteca com uma lista antiga.',
    howToFix: [
      'Capture os frames e confira máscaras (o cliente mascara, o servidor nunca), bits reservados, opcodes e fragmentação.',
      'Se 1002 responde a um Close com 1012, 1013, 1014 ou 3000-3999, a biblioteca que recebe recusa esse código: atualize-a, ou configure outro código no lugar.',
      'Tire os proxies do caminho e tente de novo.',
      'Rode a suíte de testes Autobahn contra o lado que você escreveu.',
    ],
    causes: [
      'Um frame de cliente sem máscara, ou um frame de servidor com máscara.',
      'Um frame comprimido sem que compressão tenha sido combinada.',
      'UTF-8 inválido ou um código desconhecido em um Close.',
      'Dados escritos no socket por fora da biblioteca.',
    ],
    pitfalls: [
      'gorilla/websocket responde a 1014 com 1002 e devolve um erro para o qual `IsCloseError` e `IsUnexpectedCloseError` são ambas falsas.',
      'Ele não serve para entrada ruim da aplicação: use 1008 ou um código próprio.',
    ],
    use: 'O outro lado enviou o que a RFC 6455 proíbe. Sua biblioteca diz isso por você.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice:
        'Não reconectar, pois os mesmos bytes dão o mesmo erro. Mais uma tentativa é justa, para descartar um proxy que tenha estragado um frame.',
      holdfast:
        'O gateway diz 1002 a um cliente que viola o protocolo. Quando é um upstream que viola, ele recebe 1002 e o cliente 1014, pois o cliente não fez nada de errado.',
    },
  },
  unsupportedData: {
    meaning: 'O endpoint não aceita este tipo de dados, como binário onde só entende texto.',
    says: 'Não aceito mensagens deste tipo.',
    description: 'Trata do tipo da mensagem, texto ou binário, e não do que há nela.',
    whenSeen:
      'Um `Blob` ou `ArrayBuffer` enviado a um endpoint JSON, ou texto enviado a um serviço que espera protobuf ou áudio. O AWS API Gateway o documenta para mensagens binárias, que suas APIs WebSocket não aceitam.',
    howToFix: [
      'Envie texto onde se espera texto: `JSON.stringify`, ou base64 para bytes.',
      'Ou faça o endpoint aceitar mensagens binárias.',
      'Confira que tipo a sua chamada a `send` envia de verdade.',
    ],
    causes: [
      'Uma mensagem binária para um endpoint que só aceita texto.',
      'Uma mensagem de texto para um endpoint que só aceita binário.',
    ],
    pitfalls: ['JSON malformado em uma mensagem de texto não é 1003: use 1007, 1008 ou um código próprio.'],
    use: 'Você só aceita texto e recebeu binário, ou o contrário.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar até que quem envia seja corrigido.',
      holdfast:
        'Só uma mudança em quem envia resolve. O gateway não olha dentro das mensagens, então nunca diz 1003 por conta própria; ele o repassa.',
    },
  },
  invalidPayload: {
    meaning: 'Os bytes de uma mensagem não combinam com o tipo dela, como texto que não é UTF-8.',
    says: 'Não consigo decodificar o que você enviou.',
    description:
      'Os frames eram válidos, mas o que traziam não pôde ser decodificado: texto que não é UTF-8, ou dados comprimidos que não descomprimem.',
    whenSeen:
      'Latin-1, ou uma string cortada no meio de um caractere, enviados como texto; bytes enviados como texto; compressão danificada. O Gemini Live o usa para argumentos inválidos e até para uma chave expirada.',
    howToFix: [
      'Leia o motivo: os serviços põem ali a causa verdadeira.',
      'Codifique texto em UTF-8 e nunca o corte no meio de um caractere.',
      'Envie bytes em mensagens binárias.',
      'Se só acontece com compressão, desligue permessage-deflate em um dos lados para ver qual está com o problema.',
    ],
    causes: [
      'Um conjunto de caracteres errado.',
      'Dados binários enviados como texto.',
      'Dados comprimidos que não descomprimem.',
      'Um serviço com um sentido próprio, como “argumento inválido”.',
    ],
    pitfalls: [
      'UTF-8 inválido no motivo de um Close acaba em 1007 no ws e no Node, em 1002 no Chromium.',
      'Um programa que descarta o motivo esconde a causa.',
    ],
    use: 'Os frames são válidos, mas você não consegue aproveitar os bytes deles. Diga no motivo quais.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar até que os dados ou a configuração sejam corrigidos.',
      holdfast:
        'Só uma mudança em quem envia resolve. O gateway repassa o conteúdo sem tocar nele: os bytes são os que quem envia escreveu.',
    },
  },
  policyViolation: {
    meaning: 'O outro lado violou uma regra do endpoint. A recusa geral.',
    says: 'Você violou uma das minhas regras.',
    description:
      'Para tudo o que não é permitido e não tem código melhor, ou quando o servidor não quer dizer mais.',
    whenSeen:
      'Um token ausente ou expirado, um `Origin` errado, requisições demais (AWS API Gateway), fragmentos demais (ws, undici), um modelo desconhecido (Gemini Live) e a maioria dos tutoriais de FastAPI.',
    howToFix: [
      'Leia o motivo.',
      'Renove as credenciais; confira `Origin` e permissões.',
      'Se for limite de taxa, envie menos e reconecte depois de uma pausa de 30-60 s.',
      'Ao escrever um servidor, prefira 3000, 3003 ou códigos próprios documentados, para que os clientes distingam os casos.',
    ],
    causes: [
      'A autenticação ou a autorização falhou.',
      'O `Origin` não é permitido.',
      'Um limite de taxa foi excedido.',
      'Um limite contra abuso foi atingido.',
    ],
    pitfalls: [
      'Um servidor que primeiro aceita e depois diz 1008 zera toda vez o backoff de um cliente ingênuo: só o zere depois que a conexão tiver vivido alguns segundos.',
      'Uma recusa antes do upgrade é HTTP 403, que um navegador mostra como 1006.',
    ],
    use: 'Você recusa, e nenhum código mais preciso serve, ou não quer revelar nada.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice:
        'Não reconectar até que algo tenha mudado; depois de um limite de taxa, esperar mais ou menos um minuto.',
      holdfast:
        'O mesmo cliente violaria de novo a mesma regra. O gateway diz 1008 a um cliente acima de `limits.messagesPerSecond` e, com `rejections: close`, para uma recusa HTTP que não tem código próprio.',
    },
  },
  messageTooBig: {
    meaning: 'Uma mensagem é maior do que o endpoint está disposto a aceitar.',
    says: 'Essa mensagem é grande demais para mim.',
    description:
      'Um limite foi atingido: para um frame, para uma mensagem inteira, ou para uma mensagem depois de descomprimida.',
    whenSeen:
      'Grandes snapshots em JSON, imagens em base64, pedaços de áudio. Os limites variam muito: 16 MiB por padrão no Uvicorn, 8 MB para mensagens fragmentadas no Bandit.',
    howToFix: [
      'Divida ou comprima os dados, ou envie-os por upload HTTP e mande um link.',
      'Ou aumente o limite: `maxPayload` no ws, `--ws-max-size` no Uvicorn, `max_size` no Python websockets, `limits.messageBytes` no Holdfast.',
    ],
    causes: [
      'Uma mensagem acima do limite configurado.',
      'Uma proteção contra bombas de descompressão.',
      'Um limite em um proxy ou gateway do caminho.',
    ],
    pitfalls: [
      'O limite pode ser o seu: bibliotecas de cliente também têm um, e então foi o seu lado que fechou.',
      'Uma mensagem pequena na rede pode ser grande demais depois de descomprimida.',
    ],
    use: 'Uma mensagem passa do seu limite. Ponha o limite no motivo.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Variada: reconectar, mas sem enviar aquela mensagem de novo; centrifuge-js para.',
      holdfast:
        'Um cliente que reconecta e envia a mesma mensagem outra vez não acabaria nunca. O gateway diz 1009 para uma mensagem acima de `limits.messageBytes`.',
    },
  },
  mandatoryExtension: {
    meaning: 'O cliente precisa de uma extensão que o servidor não aceitou.',
    says: 'Preciso de uma extensão que você não aceitou.',
    description:
      'Só um cliente o envia, com as extensões que faltam no motivo. Um servidor a quem falta uma faz o handshake falhar.',
    whenSeen: 'Muito raramente: clientes que exigem permessage-deflate ou uma extensão própria.',
    howToFix: [
      'Ative a extensão no servidor.',
      'Faça cada proxy do caminho deixar passar `Sec-WebSocket-Extensions`.',
      'Ou torne a extensão opcional no cliente.',
    ],
    causes: ['O servidor não tem a extensão.', 'Um proxy do caminho remove `Sec-WebSocket-Extensions`.'],
    pitfalls: ['O cliente HTTP do JDK o trata como ilegal quando um servidor o envia.'],
    use: 'Só se você é um cliente que não funciona sem uma extensão. Diga qual no motivo.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar: é a configuração que precisa mudar.',
      holdfast:
        'Uma segunda tentativa acaba do mesmo jeito. O gateway deixa passar ofertas, acordos e este código.',
    },
  },
  internalError: {
    meaning: 'O endpoint encontrou uma situação que não esperava e não consegue continuar.',
    says: 'Algo quebrou em mim.',
    description:
      'O equivalente do HTTP 500. A RFC 6455 o tem para servidores; a errata 3227 e o registro o ampliaram para qualquer endpoint.',
    whenSeen:
      'Uma exceção não capturada em um handler, um ping que ficou sem resposta (Python websockets), um backend perdido dentro de um proxy, uma aplicação ASGI que terminou sem fechar (Hypercorn, Daphne), falhas e cotas de serviços de voz com IA.',
    howToFix: [
      'Leia o log do servidor naquele exato segundo; deve haver ali um stack trace.',
      'Se o motivo fala de um ping sem resposta, procure um event loop bloqueado ou uma rede lenta antes de mexer nos tempos.',
      'Se o servidor não é seu, informe o motivo e a hora.',
    ],
    causes: [
      'Uma exceção que ninguém capturou.',
      'Um ping de keepalive sem resposta.',
      'Uma aplicação que terminou sem fechar.',
      'Um proxy que perdeu o backend.',
    ],
    pitfalls: [
      '`sent 1011` em um log do Python quer dizer que foi o seu próprio lado que fechou.',
      'Muitos proxies dizem 1011 para um backend perdido, onde 1014 diria mais.',
      'Uma queda pode se repetir com a mesma entrada: pare ou dê o alarme depois de algumas tentativas.',
    ],
    use: 'Algo falhou em você, sem culpa de mais ninguém. Não ponha um stack trace no motivo.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Reconectar com backoff; parar ou dar o alarme depois de algumas tentativas.',
      holdfast:
        'A falha pode ter passado, e outra instância talvez não a tenha: tratado como conexão perdida. O gateway só diz 1011 por uma falha sua, aos dois lados.',
    },
  },
}
