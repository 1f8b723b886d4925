import type { RegisteredText } from '../language.ts'

export const registered: RegisteredText = {
  serviceRestart: {
    meaning: 'O serviço está reiniciando. Reconecte.',
    says: 'Estou reiniciando e logo estarei no ar.',
    description:
      'Uma interrupção planejada: o servidor para de propósito, espera estar logo no ar e quer que os clientes reconectem espalhados no tempo.',
    whenSeen:
      'Uvicorn a cada desligamento e recarga (desde a 0.21), Phoenix quando drena as conexões (desde a 1.7.6), AWS API Gateway quando reinicia, servidores que o enviam no handler de SIGTERM, e Holdfast quando drena as conexões.',
    howToFix: [
      'Não há nada quebrado: reconecte depois de uma espera aleatória e retome.',
      'Se ele vem fora dos deploys, procure quedas em série, recarga automática e reciclagem de workers.',
      'Se os clientes não reconectam, confira se a biblioteca deles aceita 1012 e se a lógica de reconexão não toma um fechamento limpo por definitivo.',
      'Se todos reconectam no mesmo segundo, acrescente jitter ao cliente, ou deixe o servidor dar a cada conexão o seu próprio `retry=`.',
    ],
    causes: [
      'Um deploy ou uma atualização gradual.',
      'Uma recarga da configuração, ou a recarga automática durante o desenvolvimento.',
      'Reciclagem de workers.',
      'Manutenção de um gateway gerenciado.',
    ],
    pitfalls: [
      'Com uma espera fixa, todos os clientes reconectam no mesmo momento.',
      'Algumas bibliotecas o recusam ao receber e informam um erro de protocolo; veja a tabela de suporte.',
      'nginx, HAProxy e um processo morto não o enviam: os reinícios deles parecem 1006. Caddy e Cloudflare enviam 1001.',
      'O Uvicorn envia 1012 mesmo quando não vai reiniciar.',
      'Python websockets lança por ele `ConnectionClosedError`, não `ConnectionClosedOK`.',
      'Um script em um navegador pode recebê-lo, mas não enviá-lo; `dart:io` também não pode enviá-lo.',
    ],
    use: 'Você para de propósito e estará no ar em segundos. Acrescente um `retry=` próprio para cada cliente.',
    retry: {
      registered:
        'De 5 a 30 s, ao acaso, segundo a mensagem da lista de discussão que o registro cita para este código. Nem a RFC 6455 nem a tabela do registro indicam uma espera.',
      practice:
        'De 1 a 5 s, ao acaso, e depois backoff exponencial: mais ou menos o que Socket.IO e reconnecting-websocket esperam. Alguns clientes esperam 10-50 ms e contam com o servidor para espalhar os fechamentos, como o Phoenix faz.',
      holdfast:
        'Obedece a `retry=`, porque só o servidor sabe quantos clientes desconecta e quando estará no ar; o gateway dá a cada conexão o seu, distribuído por igual. Sem `retry=` fica com a faixa curta da prática comum, porque na maioria dos reinícios outras instâncias já atendem. Onde milhares de clientes reconectam a um só processo, faça o servidor enviar `retry=`, ou use a faixa longa.',
    },
  },
  tryAgainLater: {
    meaning: 'O servidor está sobrecarregado e descarta este cliente. Reconecte mais tarde.',
    says: 'Estou lotado. Reconecte mais tarde.',
    description:
      'Descarte de carga (load shedding). Foi proposto como “Service Overload” e registrado como “Try Again Later”. Um frame Close não tem um campo `Retry-After`, então uma indicação precisa caber no motivo.',
    whenSeen:
      'Limites de conexões ou de salas, sobrecarga em servidores sobre Cap’n Proto como o workerd, limites de taxa. Do Holdfast, quando um limite do gateway é atingido ou um upstream responde ao handshake com 503 ou 429.',
    howToFix: [
      'Espere muito mais do que depois de 1012, e cada vez mais.',
      'Use outro host se houver, e avise o usuário.',
      'No servidor, acrescente capacidade ou torne mais barato conectar.',
      'Onde os clientes podem ler um status HTTP, recuse antes do upgrade: 503 com `Retry-After` custa menos que uma conexão aceita.',
    ],
    causes: [
      'Sobrecarga.',
      'Uma cota de conexões foi atingida.',
      'Um limite de taxa foi excedido.',
      'Modo de manutenção.',
    ],
    pitfalls: [
      'Reconectar depressa piora a sobrecarga.',
      'As bibliotecas que recusam 1012 ao receber recusam também 1013.',
      'Enviado antes de a conexão ser aceita, vira um status HTTP, e um navegador informa 1006.',
    ],
    use: 'Você está funcionando, mas sem capacidade. Acrescente `retry=`. É melhor recusar antes do upgrade os clientes que sabem ler um status HTTP.',
    retry: {
      registered:
        'Segundo a mensagem que o registro cita: conectar apenas a outro endereço do mesmo destino, ou ao mesmo quando o usuário pedir. É mais rígido que o nome: nada de reconexão automática.',
      practice:
        'Variada: muitos clientes usam o backoff que têm para qualquer código; os que o distinguem esperam 30-120 s com jitter, e cada vez mais.',
      holdfast:
        'Obedece a `retry=`, que o gateway tira do `Retry-After` de um upstream ou espalha no tempo para os próprios limites. Sem ele, um cliente espera mais do que depois de qualquer outro código, e nunca reconecta na hora.',
    },
  },
  badGateway: {
    meaning: 'Um gateway não obteve resposta válida do servidor atrás dele.',
    says: 'Eu funciono; o servidor atrás de mim, não.',
    description:
      'O gateway em si responde; o servidor atrás dele não responde como deveria. O equivalente do HTTP 502, para uma conexão que já é um WebSocket.',
    whenSeen:
      'Atrás do Holdfast, quando uma conexão aberta perde o seu upstream. Um cliente que não obtém nenhum também o recebe se mostra que entende os códigos de fechamento, ou se a rota indica `badGateway: close`; qualquer outro recebe HTTP 502, 503 ou 504, com este código no corpo. Em outros lugares, raramente: não se constatou que nginx, HAProxy, Caddy, Cloudflare ou AWS API Gateway o enviem; lá a mesma falha é HTTP 502, 1006 ou 1011.',
    howToFix: [
      'Leia o motivo. Atrás do Holdfast ele diz o que deu errado: `connection refused`, `no answer in 5 s`, `status 500`.',
      'Confira a saúde do upstream: o processo está de pé, e responde na própria máquina? `curl -i http://HOST:PORT/PATH` tem de mostrar alguma resposta HTTP.',
      'Confira a porta: é aquela em que o servidor escuta, e o gateway consegue alcançá-la? Dentro de um contêiner, `localhost` é o contêiner.',
      'Confira se o proxy roteia os upgrades: host e caminho levam ao servidor WebSocket, e cada proxy no trajeto fala HTTP/1.1 e deixa passar `Connection` e `Upgrade`. A resposta tem de ser 101.',
      'Confira o TLS entre o gateway e o upstream: `wss://` para uma porta sem criptografia, ou um certificado cuja verificação falha.',
      'Se ele segue uma onda de 1012, o upstream está reiniciando: espere, e faça o novo começar a escutar antes que o antigo pare.',
    ],
    causes: [
      'O upstream está fora do ar, reiniciando ou travado.',
      'O gateway tem host, porta ou caminho errados.',
      'Um proxy entre o gateway e o upstream não deixa passar o upgrade.',
      'Um lado fala TLS e o outro não, ou a verificação do certificado falha.',
      'O upstream cortou a conexão.',
    ],
    pitfalls: [
      'Nenhum outro código registrado é recusado ao receber por tantas bibliotecas; gorilla/websocket e tungstenite respondem a ele com 1002. Os navegadores o aceitam.',
      'Ele foi registrado depois de 1012 e 1013, e listas mais antigas não o trazem.',
      'Projetos pequenos o usam mal, como “não autorizado”.',
    ],
    use: 'Você é um gateway, e o servidor atrás de você está fora de alcance, mudo ou errado. Ponha a causa no motivo.',
    retry: {
      registered: 'Nenhuma orientação. O registro o compara com o HTTP 502 e não dá nenhuma espera.',
      practice:
        'Como depois do HTTP 502: reconectar depois de mais ou menos um segundo, com backoff exponencial e jitter. graphql-ws reconecta depois dele; a extensão WebSocket do htmx, não.',
      holdfast:
        'Começa com uma espera curta, porque outro upstream talvez já atenda, e a aumenta depressa, porque o gateway já tentou os outros.',
    },
  },
  unauthorized: {
    meaning: 'É preciso autenticar-se, ou a autenticação falhou. Como HTTP 401.',
    says: 'Identifique-se primeiro.',
    description:
      'A forma registrada de dizer “faça login primeiro”. Fica na faixa das bibliotecas e dos frameworks, então outro software pode querer dizer outra coisa com o mesmo número.',
    whenSeen:
      'A API OpenAI Realtime com uma chave errada. Holdfast com `rejections: close`, quando um upstream responde ao handshake com 401.',
    howToFix: [
      'Obtenha credenciais novas e reconecte na hora.',
      'Ao escrever um servidor, aceite primeiro o upgrade e feche com 3000 e um motivo: HTTP 401 chega a uma página apenas como 1006.',
    ],
    causes: ['Um token ausente, errado ou expirado.', 'Uma sessão que terminou.'],
    pitfalls: [
      'SockJS (“Go away!”), Centrifuge (“connection closed”, reconectar) e WebSocket++ (“subprotocol error”) usam o mesmo número.',
      'Um servidor uWebSockets informa 1006 quando um cliente envia qualquer código de 3000 a 3999.',
      'graphql-ws tem 4401 no lugar, e em outro sentido.',
    ],
    use: 'Você não sabe quem é o cliente: ele não trouxe credenciais, ou trouxe credenciais ruins.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar até haver credenciais novas.',
      holdfast: 'Só a aplicação pode obter credenciais novas.',
    },
  },
  forbidden: {
    meaning: 'Autenticado, mas sem permissão. Como HTTP 403.',
    says: 'Conheço você, e você não pode.',
    description: 'A forma registrada de dizer “sei quem você é, e isto não é para você”. Diz mais que 1008.',
    whenSeen:
      'Raramente: a maioria dos serviços usa 4403 ou 1008. Holdfast com `rejections: close`, quando um upstream responde ao handshake com 403.',
    howToFix: [
      'Confira papéis, plano e direitos sobre o canal.',
      'Não entre em laço: a próxima tentativa acaba do mesmo jeito.',
    ],
    causes: ['Falta uma permissão.', 'O plano não o inclui.', 'O usuário está banido.'],
    pitfalls: [
      'Um número da faixa das bibliotecas: um framework pode querer dizer outra coisa com ele.',
      'Um servidor uWebSockets informa 1006 quando um cliente envia qualquer código de 3000 a 3999.',
    ],
    use: 'Você sabe quem é o cliente, e ele não pode fazer isto.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Não reconectar até que as permissões mudem.',
      holdfast: 'Só uma mudança de permissões resolve.',
    },
  },
  timeout: {
    meaning: 'O endpoint esperou demais pelo outro lado. Como HTTP 408.',
    says: 'Esperei demais por você.',
    description:
      'A forma registrada de dizer “esperei demais pela sua mensagem”, como uma mensagem de autenticação que nunca veio.',
    whenSeen:
      'Serviços com prazo para autenticação ou heartbeats; a maioria usa 4408 (graphql-ws, Hocuspocus), ou apenas 1001 ou 1006. Holdfast com `rejections: close`, quando um upstream responde ao handshake com 408.',
    howToFix: [
      'Envie a tempo a mensagem esperada.',
      'Se ela foi enviada, procure o que a segurou: um event loop bloqueado, uma rede lenta, um buffer de envio cheio.',
      'Aumente o prazo se ele for curto demais para redes reais.',
    ],
    causes: [
      'Nenhuma mensagem de autenticação a tempo.',
      'Faltou um heartbeat da aplicação.',
      'Um cliente lento demais.',
    ],
    pitfalls: ['Centrifuge usa o mesmo número para um cliente que lê devagar demais.'],
    use: 'Você deu ao outro lado um prazo para uma mensagem, e ele passou.',
    retry: {
      registered: 'Nenhuma orientação.',
      practice: 'Reconectar com backoff.',
      holdfast:
        'Uma mensagem atrasada muitas vezes é um acidente da rede, então a próxima tentativa pode chegar a tempo.',
    },
  },
}
