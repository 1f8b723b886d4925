import type { SiteText } from './site-text.ts'

export const pt: SiteText = {
  skip: 'Ir para o conteúdo',
  navigation: 'Seções do site',
  languages: 'Idiomas',
  search: 'Pesquisar',
  searchHint: '1006, reinício, nginx…',
  nothingFound: 'Nada encontrado para “{query}”.',
  footer:
    'Tudo nesta página vem de uma única tabela, a mesma que o programa usa. A página não consulta nenhum outro servidor.',
  asJson: 'Esta página em JSON',
  sections: {
    codes: 'Códigos de fechamento',
    compare: 'Comparar',
    who: 'Quem envia o quê',
    diagnose: 'Diagnosticar',
    frame: 'Quadros',
    tryIt: 'Experimentar',
    guide: 'Guia',
    api: 'API',
  },
  category: 'Códigos de fechamento do WebSocket',
  home: {
    title: 'Códigos de fechamento do WebSocket: o que significam e o que fazer',
    description:
      'Os 19 códigos de fechamento do WebSocket registrados, todas as comparações par a par e ferramentas para descobrir por que uma conexão terminou.',
    intro:
      'Seu WebSocket foi fechado e tudo o que você tem é um número. Aqui está o que ele significa, quem o envia e o que fazer.',
    start: 'Você tem um número',
    about: {
      codes:
        'Cada código registrado: o que significa, quando aparece, como resolver e se é preciso reconectar.',
      compare: 'Dois códigos lado a lado, e qual usar em cada caso.',
      who: 'O que servidores, proxies e clientes realmente fazem ao parar ou falhar, conforme medido.',
      diagnose:
        'Cole a configuração do seu proxy e veja a linha que impede os WebSockets. Nada sai da página.',
      frame:
        'Decodifique quadros em hexadecimal, um arquivo HAR ou uma captura, e veja por que a conexão terminou.',
      tryIt: 'Pare, mate ou trave um servidor real e observe o que um cliente vê, com e sem o Holdfast.',
      guide: 'Como usar o Holdfast, do primeiro minuto a várias máquinas.',
      api: 'As interfaces dos pacotes.',
    },
  },
  codePage: {
    description: 'Código de fechamento do WebSocket {code} {name}: {meaning}',
    compareWith: 'Comparar com',
    inEcosystems: 'O que outros querem dizer com ele',
  },
  pairPage: {
    whatItIs: 'O que é',
    differences: 'Principais diferenças',
    common: 'O que têm em comum',
    whichToUse: 'Quando usar cada um',
    whoSends: 'Quem o envia',
    clients: 'O que os clientes fazem com ele',
    onTheWire: 'Na rede',
    linesToWrite: 'O que escrever',
    nothingToWrite: 'Nada: nenhum programa o envia.',
    notes: 'Bom saber',
    description:
      '{a} ou {b}? O que distingue esses dois códigos de fechamento do WebSocket, quando aparecem, como resolver e qual usar em cada caso.',
    often: 'Comparados com frequência',
    all: 'Todos os pares',
    intro:
      'Dois códigos de fechamento lado a lado: o que os distingue, quando cada um aparece e qual enviar.',
  },
  wire: {
    noFrame: '{code} nunca aparece em um quadro.',
    example: 'Um quadro Close de um servidor, byte a byte:',
    head: 'último fragmento, opcode 8 (Close) e o comprimento do que vem depois',
    number: 'o código, {code}, como número de 16 bits',
    reason: 'o motivo, em UTF-8: {reason}',
  },
}
