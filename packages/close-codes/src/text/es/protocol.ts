import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: 'La conexión ha cumplido su función y termina a propósito.',
    says: 'Hemos terminado. Adiós.',
    description:
      'Un final limpio: un lado dijo que había terminado y el otro asintió. Los programas lo toman por un éxito, y la mayoría de los clientes que se reconectan solos no lo hacen después de él.',
    whenSeen:
      'Tras un `close(1000)` en un script, cuando ha terminado la última suscripción, cuando se ha completado una tarea o al apagarse un servidor cuyo valor por defecto es 1000.',
    howToFix: [
      'Si el final era de esperar, no hagas nada.',
      'Si los clientes no reconectan tras un despliegue, mira con qué código se apaga el servidor (Bandit y Vert.x usan 1000 por defecto; uWebSockets, cuando una conexión alcanza su edad máxima) y cámbialo por 1012 o 1001.',
    ],
    causes: [
      'La aplicación llamó a `close(1000)`.',
      'A un cliente ya no le quedaba nada que escuchar, como a un cliente GraphQL tras su última suscripción.',
      'Un framework dice 1000 cada vez que se detiene.',
      'La conexión alcanzó su edad máxima.',
    ],
    pitfalls: [
      'phoenix.js y muchos otros clientes nunca reconectan después de 1000.',
      '`close()` sin argumentos no envía 1000: el Close va vacío y el otro lado ve 1005.',
      'Una sesión de Discord acaba cuando su cliente cierra con 1000 o 1001; con cualquier otro código puede reanudarse.',
    ],
    use: 'El trabajo está hecho y nadie tiene que reconectar.',
    retry: {
      registered: 'Ninguna indicación. La RFC dice que la conexión ha cumplido su propósito.',
      practice:
        'No reconectar, salvo que la aplicación siga necesitando la conexión; graphql-ws reconecta de inmediato mientras quede una suscripción viva.',
      holdfast:
        'Nada ha fallado, así que no hay nada que reintentar. El gateway transmite 1000 tal como llegó.',
    },
  },
  goingAway: {
    meaning: 'El extremo se va: un servidor se apaga o un navegador abandona la página.',
    says: 'Me voy.',
    description:
      'El código más común en un apagado, y el único que la RFC 6455 prevé para ello. Dice que el extremo se va, pero no si estará disponible otra vez, ni cuándo.',
    whenSeen:
      'Despliegues y reducciones de capacidad (servidores con Python websockets, Java-WebSocket, graphql-ws o aiohttp), recargas de Caddy, reinicios de nodos de borde de Cloudflare, AWS API Gateway tras diez minutos de inactividad o dos horas, Discord cuando pide a sus clientes que reconecten. En un servidor, cada vez que un usuario cierra la pestaña.',
    howToFix: [
      'Deja que el cliente reconecte tras una espera aleatoria.',
      'En el servidor, reparte los cierres a lo largo de unos segundos; si el servidor va a reiniciarse, envía 1012 en su lugar.',
      'Contra un límite de inactividad, envía pings bastante antes de que venza.',
      'Contra una edad máxima, abre la conexión siguiente antes del límite y pásate a ella.',
    ],
    causes: [
      'Un servidor, un worker o un proxy se detiene.',
      'Un proxy recarga su configuración, o se reinicia un nodo de borde.',
      'Se alcanzó un tiempo de inactividad o una edad máxima.',
      'El usuario abandonó la página.',
    ],
    pitfalls: [
      'Un script no puede enviarlo: `close(1001)` lanza `InvalidAccessError`.',
      'Python websockets lo cuenta como un final normal, de modo que un bucle `async for` sobre los mensajes simplemente se acaba.',
      'Un cliente que no reconecta después de 1001, como sockette, se queda desconectado tras cada recarga de Caddy.',
    ],
    use: 'Te detienes y no sabes si estarás disponible otra vez: un apagado definitivo, una reducción de capacidad, un límite de edad.',
    retry: {
      registered:
        'Nada para este código. Para los cierres anómalos, la RFC 6455, sección 7.2.3, pide una primera espera aleatoria, por ejemplo de 0 a 5 s, y backoff exponencial.',
      practice: 'Reconectar tras una breve espera aleatoria y luego espaciar los intentos.',
      holdfast:
        'El servidor se ha detenido y no dijo por cuánto tiempo: se trata como una conexión perdida. El gateway solo envía 1001 a los upstreams, cuando drena sus conexiones.',
    },
  },
  protocolError: {
    meaning: 'El otro lado infringió el protocolo WebSocket.',
    says: 'Lo que me has enviado no es WebSocket.',
    description:
      'Un lado recibió algo que la RFC 6455 no permite: un bit de máscara equivocado, un bit u opcode reservado, una fragmentación incoherente, una trama de control demasiado larga o un código de cierre que no conoce.',
    whenSeen:
      'Clientes y servidores escritos a mano, proxies que tocan las tramas, una compresión que no casa, bytes HTTP en un socket ya convertido, o un código de cierre reciente enviado a una biblioteca con una lista antigua.',
    howToFix: [
      'Captura las tramas y comprueba las máscaras (el cliente enmascara; el servidor, nunca), los bits reservados, los opcodes y la fragmentación.',
      'Si 1002 responde a un Close con 1012, 1013, 1014 o 3000-3999, la biblioteca que lo recibe rechaza ese código: actualízala, o configura otro código en su lugar.',
      'Quita los proxies del camino e inténtalo otra vez.',
      'Pasa la batería de pruebas Autobahn contra el lado que has escrito tú.',
    ],
    causes: [
      'Una trama de cliente sin máscara, o una de servidor con ella.',
      'Una trama comprimida sin que se hubiera acordado compresión.',
      'UTF-8 no válido o un código desconocido en un Close.',
      'Datos escritos en el socket a espaldas de la biblioteca.',
    ],
    pitfalls: [
      'gorilla/websocket responde a 1014 con 1002 y devuelve un error para el que `IsCloseError` e `IsUnexpectedCloseError` son ambas falsas.',
      'No es para entradas incorrectas de la aplicación: usa 1008 o un código propio.',
    ],
    use: 'El otro lado envió lo que la RFC 6455 prohíbe. Tu biblioteca lo dice por ti.',
    retry: {
      registered: 'Ninguna indicación.',
      practice:
        'No reconectar, porque los mismos bytes dan el mismo error. Un intento más es razonable, para descartar un proxy que dañara una trama.',
      holdfast:
        'El gateway dice 1002 a un cliente que infringe el protocolo. Si lo infringe un upstream, este recibe 1002 y el cliente 1014, porque el cliente no hizo nada mal.',
    },
  },
  unsupportedData: {
    meaning: 'El extremo no acepta este tipo de datos, como binario donde solo entiende texto.',
    says: 'No acepto mensajes de este tipo.',
    description: 'Se trata del tipo del mensaje, texto o binario, y no de lo que contiene.',
    whenSeen:
      'Un `Blob` o `ArrayBuffer` enviado a un endpoint JSON, o texto enviado a un servicio que espera protobuf o audio. AWS API Gateway lo documenta para los mensajes binarios, que sus API WebSocket no aceptan.',
    howToFix: [
      'Envía texto donde se espera texto: `JSON.stringify`, o base64 para los bytes.',
      'O haz que el endpoint acepte mensajes binarios.',
      'Comprueba qué tipo envía de verdad tu llamada a `send`.',
    ],
    causes: [
      'Un mensaje binario a un endpoint que solo acepta texto.',
      'Un mensaje de texto a un endpoint que solo acepta binario.',
    ],
    pitfalls: ['Un JSON mal formado en un mensaje de texto no es 1003: usa 1007, 1008 o un código propio.'],
    use: 'Solo aceptas texto y te ha llegado binario, o al revés.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar hasta que se corrija quien envía.',
      holdfast:
        'Solo sirve un cambio en quien envía. El gateway no mira dentro de los mensajes, así que nunca dice 1003 por su cuenta; lo transmite.',
    },
  },
  invalidPayload: {
    meaning: 'Los bytes de un mensaje no encajan con su tipo, como texto que no es UTF-8.',
    says: 'No puedo decodificar lo que has enviado.',
    description:
      'Las tramas eran correctas, pero lo que llevan no se pudo decodificar: texto que no es UTF-8, o datos comprimidos que no se dejan descomprimir.',
    whenSeen:
      'Latin-1, o una cadena cortada en medio de un carácter, enviados como texto; bytes enviados como texto; compresión dañada. Gemini Live lo usa para argumentos no válidos e incluso para una clave caducada.',
    howToFix: [
      'Lee el motivo: los servicios ponen ahí la verdadera causa.',
      'Codifica el texto en UTF-8 y no lo cortes nunca en medio de un carácter.',
      'Envía los bytes en mensajes binarios.',
      'Si solo ocurre con compresión, desactiva permessage-deflate en un lado para ver cuál falla.',
    ],
    causes: [
      'Un juego de caracteres equivocado.',
      'Datos binarios enviados como texto.',
      'Datos comprimidos que no se dejan descomprimir.',
      'Un servicio que le da un sentido propio, como «argumento no válido».',
    ],
    pitfalls: [
      'Un UTF-8 no válido en el motivo de un Close acaba en 1007 en ws y Node, y en 1002 en Chromium.',
      'Un programa que descarta el motivo oculta la causa.',
    ],
    use: 'Las tramas son correctas, pero no sacas nada en claro de sus bytes. Di en el motivo de cuáles.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar hasta que se corrijan los datos o la configuración.',
      holdfast:
        'Solo sirve un cambio en quien envía. El gateway reenvía los contenidos sin tocarlos: los bytes son los que escribió quien envía.',
    },
  },
  policyViolation: {
    meaning: 'El otro lado infringió una norma del extremo. El rechazo general.',
    says: 'Has infringido una de mis normas.',
    description:
      'Para todo lo que no está permitido y no tiene un código mejor, o cuando el servidor no quiere decir más.',
    whenSeen:
      'Un token ausente o caducado, un `Origin` equivocado, demasiadas peticiones (AWS API Gateway), demasiados fragmentos (ws, undici), un modelo desconocido (Gemini Live) y la mayoría de los tutoriales de FastAPI.',
    howToFix: [
      'Lee el motivo.',
      'Renueva las credenciales; comprueba `Origin` y los permisos.',
      'Si es un límite de frecuencia, envía menos y reconecta tras una pausa de 30 a 60 s.',
      'Si escribes el servidor, prefiere 3000, 3003 o códigos propios documentados, para que los clientes distingan los casos.',
    ],
    causes: [
      'Falló la autenticación o la autorización.',
      'El `Origin` no está permitido.',
      'Se superó un límite de frecuencia.',
      'Se alcanzó un límite contra abusos.',
    ],
    pitfalls: [
      'Un servidor que primero acepta y luego dice 1008 pone a cero cada vez el backoff de un cliente ingenuo: no lo pongas a cero hasta que la conexión haya vivido unos segundos.',
      'Un rechazo antes del upgrade es un HTTP 403, que un navegador muestra como 1006.',
    ],
    use: 'Rechazas, y ningún código más preciso encaja, o no quieres revelar nada.',
    retry: {
      registered: 'Ninguna indicación.',
      practice:
        'No reconectar hasta que algo haya cambiado; tras un límite de frecuencia, esperar aproximadamente un minuto.',
      holdfast:
        'El mismo cliente infringiría otra vez la misma norma. El gateway dice 1008 a un cliente que supera `limits.messagesPerSecond` y, con `rejections: close`, ante un rechazo HTTP que no tiene código propio.',
    },
  },
  messageTooBig: {
    meaning: 'Un mensaje es mayor de lo que el extremo está dispuesto a aceptar.',
    says: 'Ese mensaje es demasiado grande para mí.',
    description:
      'Se alcanzó un límite: para una trama, para un mensaje entero o para un mensaje tras descomprimirlo.',
    whenSeen:
      'Grandes volcados JSON, imágenes en base64, trozos de audio. Los límites varían mucho: 16 MiB por defecto en Uvicorn, 8 MB para los mensajes fragmentados en Bandit.',
    howToFix: [
      'Parte o comprime los datos, o súbelos por HTTP y envía un enlace.',
      'O sube el límite: `maxPayload` en ws, `--ws-max-size` en Uvicorn, `max_size` en Python websockets, `limits.messageBytes` en Holdfast.',
    ],
    causes: [
      'Un mensaje por encima del límite configurado.',
      'Una protección contra bombas de descompresión.',
      'Un límite en un proxy o gateway del camino.',
    ],
    pitfalls: [
      'El límite puede ser el tuyo: las bibliotecas cliente también tienen uno, y entonces fue tu lado el que cerró.',
      'Un mensaje pequeño en la red puede ser demasiado grande una vez descomprimido.',
    ],
    use: 'Un mensaje supera tu límite. Pon el límite en el motivo.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'Dispar: reconectar, pero sin enviar otra vez ese mensaje; centrifuge-js se detiene.',
      holdfast:
        'Un cliente que reconecta y envía el mismo mensaje otra vez no acabaría nunca. El gateway dice 1009 ante un mensaje por encima de `limits.messageBytes`.',
    },
  },
  mandatoryExtension: {
    meaning: 'El cliente necesita una extensión que el servidor no aceptó.',
    says: 'Necesito una extensión que no has aceptado.',
    description:
      'Solo lo envía un cliente, con las extensiones que faltan en el motivo. Un servidor al que le falta una hace fracasar el handshake.',
    whenSeen: 'Muy rara vez: clientes que exigen permessage-deflate o una extensión propia.',
    howToFix: [
      'Activa la extensión en el servidor.',
      'Haz que cada proxy del camino deje pasar `Sec-WebSocket-Extensions`.',
      'O haz opcional la extensión en el cliente.',
    ],
    causes: ['El servidor no tiene la extensión.', 'Un proxy del camino elimina `Sec-WebSocket-Extensions`.'],
    pitfalls: ['El cliente HTTP del JDK lo considera ilegal cuando lo envía un servidor.'],
    use: 'Solo si eres un cliente que no puede trabajar sin una extensión. Nómbrala en el motivo.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar: lo que tiene que cambiar es la configuración.',
      holdfast:
        'Un segundo intento acaba igual. El gateway deja pasar las ofertas, los acuerdos y este código.',
    },
  },
  internalError: {
    meaning: 'El extremo se topó con algo que no esperaba y no puede seguir.',
    says: 'Algo se ha roto en mí.',
    description:
      'El equivalente de HTTP 500. La RFC 6455 lo tiene para servidores; la errata 3227 y el registro lo ampliaron a cualquier extremo.',
    whenSeen:
      'Una excepción sin capturar en un manejador, un ping que quedó sin respuesta (Python websockets), un backend perdido dentro de un proxy, una aplicación ASGI que terminó sin cerrar (Hypercorn, Daphne), averías y cuotas de servicios de voz con IA.',
    howToFix: [
      'Lee el registro del servidor en ese segundo exacto; debería haber una traza de pila.',
      'Si el motivo habla de un ping sin respuesta, busca un bucle de eventos bloqueado o una red lenta antes de tocar los tiempos.',
      'Si el servidor no es tuyo, comunica el motivo y la hora.',
    ],
    causes: [
      'Una excepción que nadie capturó.',
      'Un ping de mantenimiento sin respuesta.',
      'Una aplicación que terminó sin cerrar.',
      'Un proxy que perdió su backend.',
    ],
    pitfalls: [
      '`sent 1011` en un registro de Python significa que cerró tu propio lado.',
      'Muchos proxies dicen 1011 ante un backend perdido, donde 1014 diría más.',
      'Una caída puede repetirse con la misma entrada: detente o da la alarma tras unos cuantos intentos.',
    ],
    use: 'Algo ha fallado en ti, sin que nadie más tenga la culpa. No pongas una traza de pila en el motivo.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'Reconectar con backoff; detenerse o dar la alarma tras unos cuantos intentos.',
      holdfast:
        'La avería puede haber pasado, y otra instancia quizá no la tenga: se trata como una conexión perdida. El gateway solo dice 1011 por un fallo propio, a ambos lados.',
    },
  },
}
