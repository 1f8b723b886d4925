import type { SiteText } from './site-text.ts'

export const es: SiteText = {
  skip: 'Ir al contenido',
  navigation: 'Secciones del sitio',
  languages: 'Idiomas',
  search: 'Buscar',
  searchHint: '1006, reinicio, nginx…',
  nothingFound: 'No hay resultados para «{query}».',
  footer:
    'Todo lo que hay en esta página procede de una única tabla, la misma que usa el programa. La página no consulta ningún otro servidor.',
  asJson: 'Esta página en JSON',
  sections: {
    codes: 'Códigos de cierre',
    compare: 'Comparar',
    who: 'Quién envía qué',
    diagnose: 'Diagnosticar',
    frame: 'Tramas',
    tryIt: 'Probar',
    guide: 'Guía',
    api: 'API',
  },
  category: 'Códigos de cierre de WebSocket',
  home: {
    title: 'Códigos de cierre de WebSocket: qué significan y qué hacer',
    description:
      'Los 19 códigos de cierre de WebSocket registrados, todas las comparaciones por pares y herramientas para averiguar por qué terminó una conexión.',
    intro:
      'Su WebSocket se ha cerrado y lo único que tiene es un número. Aquí está lo que significa, quién lo envía y qué hacer.',
    start: 'Tiene un número',
    about: {
      codes:
        'Cada código registrado: qué significa, cuándo aparece, cómo solucionarlo y si hay que reconectar.',
      compare: 'Dos códigos lado a lado, y cuál usar en cada caso.',
      who: 'Lo que servidores, proxies y clientes hacen realmente al detenerse o fallar, según mediciones.',
      diagnose:
        'Pegue la configuración de su proxy y vea la línea que impide el paso de los WebSockets. Nada sale de la página.',
      frame:
        'Descodifique tramas en hexadecimal, un archivo HAR o una captura, y vea por qué terminó la conexión.',
      tryIt: 'Detenga, mate o bloquee un servidor real y observe lo que ve un cliente, con y sin Holdfast.',
      guide: 'Cómo usar Holdfast, desde el primer minuto hasta varias máquinas.',
      api: 'Las interfaces de los paquetes.',
    },
  },
  codePage: {
    description: 'Código de cierre de WebSocket {code} {name}: {meaning}',
    compareWith: 'Comparar con',
    inEcosystems: 'Lo que otros entienden por él',
  },
  pairPage: {
    whatItIs: 'Qué es',
    differences: 'Diferencias clave',
    common: 'Qué tienen en común',
    whichToUse: 'Cuándo usar cada uno',
    whoSends: 'Quién lo envía',
    clients: 'Qué hacen los clientes con él',
    onTheWire: 'En la red',
    linesToWrite: 'Qué escribir',
    nothingToWrite: 'Nada: ningún programa lo envía.',
    notes: 'Conviene saber',
    description:
      '¿{a} o {b}? Qué distingue a estos dos códigos de cierre de WebSocket, cuándo aparecen, cómo solucionarlos y cuál usar en cada caso.',
    often: 'Comparados a menudo',
    all: 'Todos los pares',
    intro: 'Dos códigos de cierre lado a lado: en qué se diferencian, cuándo aparece cada uno y cuál enviar.',
  },
  wire: {
    noFrame: '{code} nunca aparece en una trama.',
    example: 'Una trama Close de un servidor, byte a byte:',
    head: 'último fragmento, opcode 8 (Close) y la longitud de lo que sigue',
    number: 'el código, {code}, como número de 16 bits',
    reason: 'el motivo, en UTF-8: {reason}',
  },
}
