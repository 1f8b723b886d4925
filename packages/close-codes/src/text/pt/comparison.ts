import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} e {b}',
  differences: 'Principais diferenças',
  common: 'Em comum',
  choice: 'Quando usar cada um',
  join: '{a}; {b}.',

  sender: {
    anyone: '{n} pode vir de qualquer uma das pontas, ou de um gateway entre elas',
    ends: '{n} vem de uma das duas pontas, nunca de um gateway',
    client: '{n} vem só de clientes',
    server: '{n} vem do servidor ou de um gateway à frente dele',
    gateway: '{n} vem só de gateways',
    nobody: 'ninguém envia {n}',
  },
  occasion: {
    planned: '{n} é planejado',
    overload: '{n} fala de carga demais',
    refusal: '{n} é uma recusa',
    fault: '{n} informa uma falha',
    untold: '{n} não diz por quê',
  },
  mend: {
    nothing: 'depois de {n} não há o que consertar',
    sender: 'depois de {n}, olhe no lado que enviou o Close',
    receiver: 'depois de {n}, olhe no lado que recebeu o Close',
    server: 'depois de {n}, olhe no servidor',
    credentials: 'depois de {n}, olhe no cliente e nas credenciais dele',
    rights: 'depois de {n}, olhe nos direitos que o servidor concede ao cliente',
    upstream: 'depois de {n}, olhe atrás do gateway, no upstream e no caminho até ele',
    tls: 'depois de {n}, olhe no certificado e nos ajustes de TLS',
    anywhere: '{n} não diz onde olhar: o servidor, a rede, qualquer proxy no meio',
  },
  wire: {
    code: '{n} trafega em um frame Close',
    'empty-close': 'com {n} trafega um frame Close sem código (`wasClean` é verdadeiro)',
    'no-close': 'com {n} não trafega nenhum frame Close, a conexão simplesmente acaba (`wasClean` é falso)',
    'no-handshake': 'com {n} não trafega nada, porque não chegou a haver conexão',
    forbidden: '{n} não pode trafegar',
  },
  script: {
    yes: 'um script em um navegador pode enviar {n}',
    no: 'um script em um navegador pode receber {n}, mas não enviá-lo',
  },
  comeBack: {
    stop: 'depois de {n}, um cliente não reconecta até que algo tenha mudado',
    reconnect:
      'depois de {n}, um cliente reconecta, primeiro após {span} ao acaso e depois a intervalos de no máximo {cap}',
    delays:
      'Um cliente reconecta depois dos dois: após {a}, primeiro em {spanA} ao acaso; após {b}, em {spanB}; as tentativas seguintes se espaçam no máximo {cap}.',
    delaysAndCaps:
      'Um cliente reconecta depois dos dois: após {a}, primeiro em {spanA} ao acaso, e mais tarde em até {capA}; após {b}, em {spanB}, e mais tarde em até {capB}.',
  },
  asked: {
    registration: 'a mensagem por trás do registro de {n} pede {span} ao acaso',
    rfc: 'para {n}, a RFC 6455 sugere {span} ao acaso',
    elsewhere:
      'a mensagem por trás do registro de {n} manda o cliente a outro endereço, e ao mesmo só quando o usuário pedir',
    nothing: '{n} foi registrado sem nenhuma espera',
  },
  http: {
    some: '{n} equivale mais ou menos ao HTTP {list}',
    none: '{n} não tem equivalente no HTTP',
    pair: 'No HTTP, {a} seria {listA}, e {b} seria {listB}.',
  },
  support: {
    refused: '{n} está na RFC 6455, e ainda assim {refusing} de {of} implementações o recusa',
    standard: '{n} está na RFC 6455, e toda implementação o aceita',
    later: '{n} foi registrado mais tarde, e é recusado por {refusing} de {of} implementações',
    pair: 'Os dois foram registrados depois da RFC 6455: {a} é recusado por {refusingA} de {of} implementações, {b} por {refusingB}.',
  },

  both: {
    sender: {
      anyone: 'Os dois podem vir de qualquer uma das pontas, ou de um gateway entre elas.',
      ends: 'Os dois vêm de uma das duas pontas, nunca de um gateway.',
      server: 'Os dois vêm do servidor ou de um gateway à frente dele.',
      nobody: 'Ninguém envia nem um nem outro.',
    },
    occasion: {
      planned: 'Os dois são planejados.',
      refusal: 'Os dois são recusas.',
      fault: 'Os dois informam uma falha.',
      untold: 'Nenhum dos dois diz por quê.',
    },
    mend: {
      nothing: 'Depois de nenhum dos dois há o que consertar.',
      sender: 'Depois dos dois, olhe no lado que enviou o Close.',
      receiver: 'Depois dos dois, olhe no lado que recebeu o Close.',
      server: 'Depois dos dois, olhe no servidor.',
    },
    comeBack: {
      stop: 'Depois dos dois, um cliente não reconecta até que algo tenha mudado.',
      reconnect:
        'Depois dos dois, um cliente reconecta, primeiro após {span} ao acaso e depois a intervalos de no máximo {cap}.',
    },
    script: {
      yes: 'Um script em um navegador pode enviar os dois.',
      no: 'Um script em um navegador pode receber os dois, mas não enviar nenhum.',
    },
    http: {
      some: 'Os dois equivalem mais ou menos ao HTTP {list}.',
      none: 'Nenhum dos dois tem equivalente no HTTP.',
    },
    support: {
      standard: 'Os dois estão na RFC 6455, e toda implementação os aceita.',
      later:
        'Os dois foram registrados depois da RFC 6455, e cada um é recusado por {refusing} de {of} implementações.',
    },
  },
  notes: {
    narrower: '{x} diz mais que {y}: prefira-o sempre que for verdade.',
    narrowerButRefused:
      '{x} diz mais que {y}: prefira-o sempre que for verdade. Onde quem recebe recusa {x}, o melhor que resta é {y}.',
    oneEvent:
      'Quando {y} vem logo atrás de {x}, os dois descrevem um só evento: o servidor atrás do gateway saiu do ar, e o sucessor ainda não aceita conexões.',
    strands:
      'Um servidor que se desliga com {x} deixa os clientes desconectados: a maioria toma isso por definitivo. Para um desligamento, envie {y}.',
    earlyReturn:
      'Reconectar cedo demais custa uma tentativa a mais depois de {x}; depois de {y}, prolonga a sobrecarga.',
    bothSides:
      'Quando um upstream viola o protocolo, um gateway diz os dois: {x} ao upstream, e {y} ao cliente, que não fez nada de errado.',
    hiddenStatus:
      'Antes do upgrade, o que {y} quer dizer é um HTTP {http}, e uma página vê apenas {x}. Em um Close, a página vê o código e o motivo.',
    unsaid: 'Quem sai sem um Close deixa ao outro lado apenas {x}, mesmo que quisesse dizer {y}.',
    diedFirst: 'Um processo que morre antes de poder dizer {y} deixa ao outro lado apenas {x}.',
    noNumber: 'Quem quer dizer {y} mas chama `close()` sem código deixa ao outro lado apenas {x}.',
    refusedAs:
      'Onde uma biblioteca recusa {y}, como é o caso de {refusing} em {of}, a aplicação dela vê 1002 ou 1006 no lugar.',
    hiddenTls:
      'Um navegador nunca informa {x}: para uma página, um handshake TLS que falhou é um {y} como qualquer outra perda.',
  },
}
