import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: 'Reservado. No tiene significado.',
    says: 'Este número no significa nada.',
    description:
      'Un hueco en la tabla. En los borradores del protocolo aquí estaba «mensaje demasiado grande», que pasó a ser 1009; algunos textos viejos aún lo dicen.',
    whenSeen: 'Prácticamente nunca. Quien lo envía se escribió a partir de un borrador.',
    howToFix: ['Actualiza el otro lado. Si se trata de tamaño, el código es 1009.'],
    causes: ['Constantes de un borrador del protocolo.'],
    pitfalls: [
      'ws, gorilla/websocket, coder/websocket y .NET lo rechazan al recibirlo; Chromium y Firefox se lo entregan a la página.',
    ],
    use: 'Nunca. Si un borrador te hizo pensar en el tamaño, envía 1009.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'Ninguna: no se usa.',
      holdfast: 'No puede viajar, así que quien lo envía infringe el protocolo, como con 1002.',
    },
  },
  noStatusReceived: {
    meaning: 'La trama Close del otro lado no llevaba código.',
    says: 'El otro lado cerró y no dio ningún código.',
    description:
      'Una marca para la propia aplicación, que nunca se envía. El otro lado cerró como es debido, con un Close sin cuerpo, y la biblioteca pone 1005 para que haya un número que mirar.',
    whenSeen:
      'El otro lado llamó a `close()` sin argumentos (Socket.IO y Tornado lo hacen), una página perdió su última referencia a un WebSocket, o un framework cierra sin código.',
    howToFix: [
      'Pasa un código a `close()` en el lado que cierra, para que el otro sepa por qué.',
      'En un proxy, no reenvíes nunca 1005: cierra sin código.',
    ],
    causes: [
      '`close()` sin argumentos.',
      'Un objeto WebSocket que se llevó el recolector de basura.',
      'Una biblioteca que cierra con el cuerpo vacío.',
    ],
    pitfalls: [
      '`close(1005)` lanza una excepción, en ws y en los navegadores; ha habido proxies que se cayeron por reenviarlo.',
      '`wasClean` es verdadero.',
      'Uvicorn comunica 1005 a la aplicación cuando TCP se perdió tras el handshake, donde encajaría 1006.',
    ],
    use: 'Nunca: el otro lado lo lee cuando llamas a `close()` sin código. Pasa uno.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'Dispar: SocketCluster reconecta de inmediato, sockette no reconecta.',
      holdfast:
        'Nada dice que el final fuera deseado, así que se trata como una conexión perdida. El gateway reenvía un Close vacío como un Close vacío.',
    },
  },
  abnormalClosure: {
    meaning: 'La conexión terminó sin trama Close.',
    says: 'La conexión ya no está, y nadie dijo por qué.',
    description:
      'Una marca para la propia aplicación, que nunca se envía. Se cortó TCP, mataron un proceso, falló el handshake o un proxy se rindió. Los navegadores ocultan la causa adrede, para que una página no pueda sondear la red que la rodea.',
    whenSeen:
      'Tiempos de inactividad de los balanceadores de carga, una caída o un `kill -9`, `terminate()` en ws, un cambio de red, un portátil en suspensión, una recarga de nginx, un fallo de DNS o TLS, una respuesta HTTP al upgrade (401, 403, 404, 502, 503), contenido mixto, una política de seguridad de contenido.',
    howToFix: [
      'Mira fuera del script: la pestaña de red del navegador muestra el estado HTTP de un upgrade fallido.',
      'Repite el upgrade con `curl -i` o `wscat`, que muestran lo que un navegador oculta.',
      'Lee los registros del servidor y de cada proxy en ese segundo exacto.',
      'Si llega siempre tras el mismo tiempo de inactividad, envía pings con más frecuencia que el límite más corto del camino, o sube ese límite.',
      'En el servidor, envía un Close antes de salir.',
    ],
    causes: [
      'Falló el handshake de apertura.',
      'Un tiempo de inactividad o de lectura de un proxy.',
      'El proceso se cayó o lo mataron.',
      'Se perdió la red.',
      'Falló TLS; los navegadores nunca dicen 1015.',
      'El servidor terminó TCP sin Close.',
    ],
    pitfalls: [
      'Una página ve 1006 con el motivo vacío lo mismo ante un puerto rechazado que ante un nombre desconocido, un fallo de TLS, una respuesta distinta de 101 o un corte.',
      'No lo reenvíes nunca: ws lanza una excepción. Di 1014 o 1011, o cierra sin código.',
      'uWebSockets lo comunica también ante un Close correcto cuyo código rechaza (1012-3999).',
      'Chromium espera hasta 60 s la respuesta a su propio Close antes de comunicar 1006.',
    ],
    use: 'Nunca: el otro lado lo lee cuando terminas TCP sin Close. Di antes por qué te vas.',
    retry: {
      registered:
        'RFC 6455, sección 7.2.3: el primer intento tras una espera aleatoria, para la que llama razonable de 0 a 5 s, y después backoff exponencial binario truncado.',
      practice:
        'Desde de inmediato hasta unos segundos. Muchas bibliotecas no tienen jitter, de modo que todos sus clientes reconectan a la vez.',
      holdfast:
        'Sigue la RFC. El gateway existe para que este código sea raro: detrás de él, un upstream perdido llega al cliente como 1014, con la causa en el motivo.',
    },
  },
  tlsHandshake: {
    meaning: 'Falló el handshake TLS.',
    says: 'TLS falló antes de que pudiéramos hablar.',
    description:
      'Una marca para la propia aplicación, que nunca se envía: `wss://` falló antes del primer byte de WebSocket.',
    whenSeen:
      'Casi nunca. Los navegadores no lo usan y comunican 1006; algunas bibliotecas nativas lo tienen.',
    howToFix: [
      'Ejecuta `openssl s_client -connect HOST:443 -servername HOST` y lee el error.',
      'Comprueba la caducidad, la cadena y el nombre de host del certificado, las versiones de TLS del servidor y el reloj del cliente.',
      'Busca un proxy de empresa o un antivirus que intercepte TLS.',
    ],
    causes: [
      'Un certificado caducado o autofirmado.',
      'Un certificado para otro nombre.',
      'Interceptación de TLS en el camino.',
      'Ninguna versión de TLS en común.',
    ],
    pitfalls: [
      'El otro lado puede enviarlo por error: Chromium hace fracasar esa trama; Firefox, WebSocket-Node y soketto la aceptan.',
    ],
    use: 'Nunca: antes de que TLS esté en pie no hay por dónde enviarlo.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar hasta que se corrijan el certificado o los ajustes.',
      holdfast:
        'Mientras un cliente espera, los certificados se renuevan y los portales cautivos se superan, y con backoff los intentos cuestan poco: se trata como una conexión perdida.',
    },
  },
}
