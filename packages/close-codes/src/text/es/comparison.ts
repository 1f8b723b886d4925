import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} y {b}',
  differences: 'Diferencias clave',
  common: 'En común',
  choice: 'Cuándo usar cada uno',
  join: '{a}; {b}.',

  sender: {
    anyone: '{n} puede venir de cualquiera de los dos extremos, o de un gateway intermedio',
    ends: '{n} viene de uno de los dos extremos, nunca de un gateway',
    client: '{n} solo viene de clientes',
    server: '{n} viene del servidor o de un gateway que tiene delante',
    gateway: '{n} solo viene de gateways',
    nobody: 'nadie envía {n}',
  },
  occasion: {
    planned: '{n} está planificado',
    overload: '{n} habla de demasiada carga',
    refusal: '{n} es un rechazo',
    fault: '{n} comunica un fallo',
    untold: '{n} no dice por qué',
  },
  mend: {
    nothing: 'tras {n} no hay nada que arreglar',
    sender: 'tras {n}, mira en el lado que envió el Close',
    receiver: 'tras {n}, mira en el lado que recibió el Close',
    server: 'tras {n}, mira en el servidor',
    credentials: 'tras {n}, mira en el cliente y sus credenciales',
    rights: 'tras {n}, mira en los derechos que el servidor concede al cliente',
    upstream: 'tras {n}, mira detrás del gateway, en el upstream y en el camino hasta él',
    tls: 'tras {n}, mira en el certificado y los ajustes de TLS',
    anywhere: '{n} no aclara dónde mirar: el servidor, la red, cualquier proxy intermedio',
  },
  wire: {
    code: '{n} viaja en una trama Close',
    'empty-close': 'con {n} viaja una trama Close sin código (`wasClean` es verdadero)',
    'no-close': 'con {n} no viaja ninguna trama Close, la conexión se acaba sin más (`wasClean` es falso)',
    'no-handshake': 'con {n} no viaja nada, porque no llegó a haber conexión',
    forbidden: '{n} no puede viajar',
  },
  script: {
    yes: 'un script en un navegador puede enviar {n}',
    no: 'un script en un navegador puede recibir {n} pero no enviarlo',
  },
  comeBack: {
    stop: 'tras {n}, un cliente no reconecta hasta que algo haya cambiado',
    reconnect:
      'tras {n}, un cliente reconecta, primero después de {span} al azar y luego a intervalos de {cap} como mucho',
    delays:
      'Un cliente reconecta después de ambos: tras {a}, primero al cabo de {spanA} al azar; tras {b}, de {spanB}; los intentos siguientes se espacian {cap} como mucho.',
    delaysAndCaps:
      'Un cliente reconecta después de ambos: tras {a}, primero al cabo de {spanA} al azar, y más tarde de hasta {capA}; tras {b}, de {spanB}, y más tarde de hasta {capB}.',
  },
  asked: {
    registration: 'el mensaje que está detrás del registro de {n} pide {span} al azar',
    rfc: 'para {n}, la RFC 6455 sugiere {span} al azar',
    elsewhere:
      'el mensaje que está detrás del registro de {n} manda al cliente a otra dirección, y a la misma solo cuando el usuario lo pida',
    nothing: '{n} se registró sin espera alguna',
  },
  http: {
    some: '{n} equivale más o menos a HTTP {list}',
    none: '{n} no tiene equivalente en HTTP',
    pair: 'En HTTP, {a} sería {listA}, y {b} sería {listB}.',
  },
  support: {
    refused: '{n} está en la RFC 6455, y aun así lo rechaza {refusing} de {of} implementaciones',
    standard: '{n} está en la RFC 6455, y lo aceptan todas las implementaciones',
    later: '{n} se registró más tarde, y es rechazado por {refusing} de {of} implementaciones',
    pair: 'Ambos se registraron después de la RFC 6455: {a} es rechazado por {refusingA} de {of} implementaciones, {b} por {refusingB}.',
  },

  both: {
    sender: {
      anyone: 'Ambos pueden venir de cualquiera de los dos extremos, o de un gateway intermedio.',
      ends: 'Ambos vienen de uno de los dos extremos, nunca de un gateway.',
      server: 'Ambos vienen del servidor o de un gateway que tiene delante.',
      nobody: 'Nadie envía ni uno ni otro.',
    },
    occasion: {
      planned: 'Ambos están planificados.',
      refusal: 'Ambos son rechazos.',
      fault: 'Ambos comunican un fallo.',
      untold: 'Ninguno dice por qué.',
    },
    mend: {
      nothing: 'Tras ninguno de los dos hay nada que arreglar.',
      sender: 'Tras ambos, mira en el lado que envió el Close.',
      receiver: 'Tras ambos, mira en el lado que recibió el Close.',
      server: 'Tras ambos, mira en el servidor.',
    },
    comeBack: {
      stop: 'Tras ambos, un cliente no reconecta hasta que algo haya cambiado.',
      reconnect:
        'Tras ambos, un cliente reconecta, primero después de {span} al azar y luego a intervalos de {cap} como mucho.',
    },
    script: {
      yes: 'Un script en un navegador puede enviar ambos.',
      no: 'Un script en un navegador puede recibir ambos pero no enviar ninguno.',
    },
    http: {
      some: 'Ambos equivalen más o menos a HTTP {list}.',
      none: 'Ninguno tiene equivalente en HTTP.',
    },
    support: {
      standard: 'Ambos están en la RFC 6455, y los aceptan todas las implementaciones.',
      later:
        'Ambos se registraron después de la RFC 6455, y cada uno es rechazado por {refusing} de {of} implementaciones.',
    },
  },
  notes: {
    narrower: '{x} dice más que {y}: prefiérelo siempre que sea cierto.',
    narrowerButRefused:
      '{x} dice más que {y}: prefiérelo siempre que sea cierto. Donde el receptor rechaza {x}, lo mejor que queda es {y}.',
    oneEvent:
      'Cuando {y} llega justo después de {x}, los dos describen un solo suceso: el servidor que está detrás del gateway ya no está, y su sucesor aún no escucha.',
    strands:
      'Un servidor que se apaga con {x} deja a sus clientes desconectados: la mayoría lo toma por definitivo. Para un apagado, envía {y}.',
    earlyReturn:
      'Reconectar demasiado pronto cuesta un intento más después de {x}; después de {y}, alarga la sobrecarga.',
    bothSides:
      'Cuando un upstream infringe el protocolo, un gateway dice los dos: {x} al upstream, y {y} al cliente, que no hizo nada mal.',
    hiddenStatus:
      'Antes del upgrade, lo que significa {y} es un HTTP {http}, y una página solo ve {x}. En un Close, la página ve el código y el motivo.',
    unsaid: 'Quien se va sin Close deja al otro lado solo con {x}, aunque quisiera decir {y}.',
    diedFirst: 'Un proceso que muere antes de poder decir {y} deja al otro lado solo con {x}.',
    noNumber: 'Quien quiere decir {y} pero llama a `close()` sin código deja al otro lado solo con {x}.',
    refusedAs:
      'Donde una biblioteca rechaza {y}, como es el caso de {refusing} de {of}, su aplicación ve 1002 o 1006 en su lugar.',
    hiddenTls:
      'Un navegador nunca comunica {x}: para una página, un handshake TLS fallido es un {y} como cualquier otra pérdida.',
  },
}
