import type { RegisteredText } from '../language.ts'

export const registered: RegisteredText = {
  serviceRestart: {
    meaning: 'El servicio se reinicia. Reconecta.',
    says: 'Me reinicio y enseguida estaré disponible.',
    description:
      'Una interrupción planificada: el servidor se detiene a propósito, espera estar pronto disponible y quiere que sus clientes reconecten repartidos en el tiempo.',
    whenSeen:
      'Uvicorn en cada apagado y recarga (desde la 0.21), Phoenix cuando drena sus conexiones (desde la 1.7.6), AWS API Gateway cuando se reinicia, servidores que lo dicen en su manejador de SIGTERM, y Holdfast cuando drena sus conexiones.',
    howToFix: [
      'No hay nada roto: reconecta tras una espera aleatoria y reanuda.',
      'Si llega fuera de los despliegues, busca caídas en bucle, recargas automáticas y reciclaje de workers.',
      'Si los clientes no reconectan, comprueba que su biblioteca acepta 1012 y que su lógica de reconexión no toma un cierre limpio por uno definitivo.',
      'Si todos reconectan en el mismo segundo, añade jitter al cliente, o deja que el servidor dé a cada conexión su propio `retry=`.',
    ],
    causes: [
      'Un despliegue o una actualización progresiva.',
      'Una recarga de la configuración, o la recarga automática durante el desarrollo.',
      'Reciclaje de workers.',
      'Mantenimiento de un gateway gestionado.',
    ],
    pitfalls: [
      'Con una espera fija, todos los clientes reconectan en el mismo momento.',
      'Algunas bibliotecas lo rechazan al recibirlo y comunican un error de protocolo; véase la tabla de compatibilidad.',
      'nginx, HAProxy y un proceso muerto no lo envían: sus reinicios parecen un 1006. Caddy y Cloudflare envían 1001.',
      'Uvicorn envía 1012 también cuando no va a reiniciarse.',
      'Python websockets lanza por él `ConnectionClosedError`, no `ConnectionClosedOK`.',
      'Un script en un navegador puede recibirlo pero no enviarlo; `dart:io` tampoco puede enviarlo.',
    ],
    use: 'Te detienes a propósito y estarás disponible en segundos. Añade un `retry=` propio para cada cliente.',
    retry: {
      registered:
        'De 5 a 30 s al azar, según el mensaje de la lista de correo que el registro cita para este código. Ni la RFC 6455 ni la tabla del registro indican una espera.',
      practice:
        'De 1 a 5 s al azar y luego backoff exponencial: más o menos lo que esperan Socket.IO y reconnecting-websocket. Algunos clientes esperan de 10 a 50 ms y confían en que el servidor reparta sus cierres, como hace Phoenix.',
      holdfast:
        'Obedece a `retry=`, porque solo el servidor sabe cuántos clientes desconecta y cuándo estará disponible; el gateway da a cada conexión el suyo, repartido de manera uniforme. Sin `retry=` toma el margen corto de la práctica común, porque en la mayoría de los reinicios ya atienden otras instancias. Donde miles de clientes reconectan a un solo proceso, haz que el servidor envíe `retry=`, o usa el margen largo.',
    },
  },
  tryAgainLater: {
    meaning: 'El servidor está sobrecargado y descarta a este cliente. Reconecta más tarde.',
    says: 'Estoy saturado. Reconecta más tarde.',
    description:
      'Descarte de carga (load shedding). Se propuso como «Service Overload» y se registró como «Try Again Later». Una trama Close no tiene un campo `Retry-After`, así que cualquier indicación ha de ir en el motivo.',
    whenSeen:
      'Límites de conexiones o de salas, sobrecarga en servidores sobre Cap’n Proto como workerd, límites de frecuencia. De Holdfast, cuando se alcanza un límite del gateway o un upstream responde al handshake con 503 o 429.',
    howToFix: [
      'Espera mucho más que después de 1012, y cada vez más.',
      'Usa otro host si lo hay, y avisa al usuario.',
      'En el servidor, añade capacidad o abarata el coste de conectar.',
      'Donde los clientes puedan leer un estado HTTP, rechaza antes del upgrade: 503 con `Retry-After` cuesta menos que una conexión aceptada.',
    ],
    causes: [
      'Sobrecarga.',
      'Se alcanzó una cuota de conexiones.',
      'Se superó un límite de frecuencia.',
      'Modo de mantenimiento.',
    ],
    pitfalls: [
      'Reconectar deprisa empeora la sobrecarga.',
      'Las bibliotecas que rechazan 1012 al recibirlo rechazan también 1013.',
      'Enviado antes de aceptar la conexión se convierte en un estado HTTP, y un navegador comunica 1006.',
    ],
    use: 'Funcionas pero estás saturado. Añade `retry=`. A los clientes que saben leer un estado HTTP es mejor rechazarlos antes del upgrade.',
    retry: {
      registered:
        'Según el mensaje que cita el registro: conectar solo a otra dirección del mismo destino, o a la misma cuando el usuario lo pida. Es más estricto que el nombre: nada de reconexión automática.',
      practice:
        'Dispar: muchos clientes usan el backoff que tienen para todos los códigos; los que lo distinguen esperan de 30 a 120 s con jitter, y cada vez más.',
      holdfast:
        'Obedece a `retry=`, que el gateway toma del `Retry-After` de un upstream o reparte en el tiempo para sus propios límites. Sin él, un cliente espera más que después de cualquier otro código, y nunca reconecta de inmediato.',
    },
  },
  badGateway: {
    meaning: 'Un gateway no obtuvo una respuesta válida del servidor que tiene detrás.',
    says: 'Yo funciono; el servidor que tengo detrás, no.',
    description:
      'El frontal responde; el servidor de detrás no responde como debería. El equivalente de HTTP 502, para una conexión que ya es un WebSocket.',
    whenSeen:
      'Detrás de Holdfast, cuando una conexión abierta pierde su upstream. Un cliente que no obtiene ninguno también lo recibe si muestra que entiende los códigos de cierre, o si la ruta indica `badGateway: close`; cualquier otro recibe HTTP 502, 503 o 504, con este código en el cuerpo. En otros sitios, rara vez: no se ha encontrado que nginx, HAProxy, Caddy, Cloudflare ni AWS API Gateway lo envíen; allí el mismo fallo es HTTP 502, 1006 o 1011.',
    howToFix: [
      'Lee el motivo. Detrás de Holdfast dice qué salió mal: `connection refused`, `no answer in 5 s`, `status 500`.',
      'Comprueba la salud del upstream: ¿está en marcha el proceso, y responde en su propia máquina? `curl -i http://HOST:PORT/PATH` ha de mostrar alguna respuesta HTTP.',
      'Comprueba el puerto: ¿es aquel en el que escucha el servidor, y puede alcanzarlo el gateway? Dentro de un contenedor, `localhost` es el contenedor.',
      'Comprueba que el proxy encamina los upgrades: host y ruta llevan al servidor WebSocket, y cada proxy del camino habla HTTP/1.1 y deja pasar `Connection` y `Upgrade`. La respuesta ha de ser 101.',
      'Comprueba TLS entre el gateway y el upstream: `wss://` a un puerto sin cifrar, o un certificado cuya verificación falla.',
      'Si sigue a una oleada de 1012, el upstream se está reiniciando: espera, y haz que empiece a escuchar antes de que pare el anterior.',
    ],
    causes: [
      'El upstream está caído, reiniciándose o colgado.',
      'El gateway tiene un host, un puerto o una ruta equivocados.',
      'Un proxy entre el gateway y el upstream no deja pasar el upgrade.',
      'Un lado habla TLS y el otro no, o falla la verificación del certificado.',
      'El upstream cortó la conexión.',
    ],
    pitfalls: [
      'Ningún otro código registrado es rechazado al recibirlo por tantas bibliotecas; gorilla/websocket y tungstenite le responden con 1002. Los navegadores lo aceptan.',
      'Se registró después de 1012 y 1013, y no está en las listas más antiguas.',
      'Hay proyectos pequeños que lo usan mal, como «no autorizado».',
    ],
    use: 'Eres un gateway, y el servidor que tienes detrás está fuera de alcance, mudo o equivocado. Pon la causa en el motivo.',
    retry: {
      registered: 'Ninguna indicación. El registro lo compara con HTTP 502 y no da ninguna espera.',
      practice:
        'Como tras HTTP 502: reconectar tras aproximadamente un segundo, con backoff exponencial y jitter. graphql-ws reconecta después de él; la extensión WebSocket de htmx, no.',
      holdfast:
        'Empieza con una espera corta, porque otro upstream puede estar ya atendiendo, y la alarga deprisa, porque el gateway ya ha probado con los demás.',
    },
  },
  unauthorized: {
    meaning: 'Hace falta autenticarse, o la autenticación falló. Como HTTP 401.',
    says: 'Identifícate primero.',
    description:
      'La forma registrada de decir «inicia sesión primero». Está en el rango de las bibliotecas y los frameworks, así que otro software puede querer decir otra cosa con el mismo número.',
    whenSeen:
      'La API OpenAI Realtime con una clave equivocada. Holdfast con `rejections: close`, cuando un upstream responde al handshake con 401.',
    howToFix: [
      'Consigue credenciales nuevas y reconecta de inmediato.',
      'Si escribes el servidor, acepta primero el upgrade y cierra con 3000 y un motivo: un HTTP 401 llega a una página solo como 1006.',
    ],
    causes: ['Un token ausente, equivocado o caducado.', 'Una sesión que ha terminado.'],
    pitfalls: [
      'SockJS («Go away!»), Centrifuge («connection closed», reconectar) y WebSocket++ («subprotocol error») usan el mismo número.',
      'Un servidor uWebSockets comunica 1006 cuando un cliente envía cualquier código de 3000 a 3999.',
      'graphql-ws tiene 4401 en su lugar, y en otro sentido.',
    ],
    use: 'No sabes quién es el cliente: no trajo credenciales, o las trajo malas.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar hasta tener credenciales nuevas.',
      holdfast: 'Solo la aplicación puede conseguir credenciales nuevas.',
    },
  },
  forbidden: {
    meaning: 'Autenticado, pero sin permiso. Como HTTP 403.',
    says: 'Te conozco, y no puedes.',
    description: 'La forma registrada de decir «sé quién eres, y esto no es para ti». Dice más que 1008.',
    whenSeen:
      'Rara vez: la mayoría de los servicios usan 4403 o 1008. Holdfast con `rejections: close`, cuando un upstream responde al handshake con 403.',
    howToFix: [
      'Comprueba los roles, el plan y los derechos sobre el canal.',
      'No entres en bucle: el siguiente intento acaba igual.',
    ],
    causes: ['Falta un permiso.', 'El plan no lo incluye.', 'El usuario está vetado.'],
    pitfalls: [
      'Un número del rango de las bibliotecas: un framework puede querer decir otra cosa con él.',
      'Un servidor uWebSockets comunica 1006 cuando un cliente envía cualquier código de 3000 a 3999.',
    ],
    use: 'Sabes quién es el cliente, y no puede hacer esto.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'No reconectar hasta que cambien los permisos.',
      holdfast: 'Solo sirve un cambio de permisos.',
    },
  },
  timeout: {
    meaning: 'El extremo esperó demasiado al otro lado. Como HTTP 408.',
    says: 'Te he esperado demasiado.',
    description:
      'La forma registrada de decir «esperé demasiado tu mensaje», como un mensaje de autenticación que nunca llegó.',
    whenSeen:
      'Servicios con un plazo para la autenticación o los heartbeats; la mayoría usan 4408 (graphql-ws, Hocuspocus), o simplemente 1001 o 1006. Holdfast con `rejections: close`, cuando un upstream responde al handshake con 408.',
    howToFix: [
      'Envía a tiempo el mensaje esperado.',
      'Si se envió, busca qué lo retuvo: un bucle de eventos bloqueado, una red lenta, un búfer de envío lleno.',
      'Alarga el plazo si es demasiado corto para redes reales.',
    ],
    causes: [
      'Ningún mensaje de autenticación a tiempo.',
      'Faltó un heartbeat de la aplicación.',
      'Un cliente demasiado lento.',
    ],
    pitfalls: ['Centrifuge usa el mismo número para un cliente que lee demasiado despacio.'],
    use: 'Diste al otro lado un plazo para un mensaje, y ha vencido.',
    retry: {
      registered: 'Ninguna indicación.',
      practice: 'Reconectar con backoff.',
      holdfast:
        'Un mensaje tardío es a menudo un accidente de la red, así que el siguiente intento puede llegar a tiempo.',
    },
  },
}
