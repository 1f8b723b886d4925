import type { LanguageTag } from '@holdfast/close-codes/languages'

/** The words of the page that plays with `holdfast demo --stay`. `{name}` is filled in. Backticks mark code. */
export interface TryText {
  readonly title: string
  readonly intro: string
  /** Stands above the command. */
  readonly start: string
  /** Stands below it: what it prints, and why only that page works. */
  readonly open: string
  /** Stands in place of the tool where scripts do not run. */
  readonly noScript: string
  /** Where the page asks whether a demo serves it. */
  readonly looking: string
  /** This page comes from elsewhere. */
  readonly notHere: string
  readonly ready: string
  /** The demo does not answer any more. */
  readonly gone: string
  /** The demo did not do it: `{why}`, in English. */
  readonly refused: string
  /** The backend, and what it does. */
  readonly backend: string
  readonly states: Record<'running' | 'stopped' | 'hanging' | 'garbage', string>
  readonly actions: Record<'stop' | 'kill' | 'hang' | 'garbage' | 'start' | 'drain', string>
  /** Through Holdfast, on a route with `hold`. */
  readonly hold: string
  readonly holdOn: string
  readonly holdOff: string
  readonly direct: string
  readonly gateway: string
  readonly connections: Record<'none' | 'connecting' | 'open' | 'closed', string>
  readonly connect: string
  readonly send: string
  readonly automatic: string
  /** What the large number is. */
  readonly lastClose: string
  readonly noClose: string
  /** `wasClean` */
  readonly clean: string
  readonly notClean: string
  readonly reason: string
  readonly noReason: string
  readonly log: string
  /** The message that this page sent: `{text}`. */
  readonly sent: string
}

export const tryTexts: Readonly<Record<LanguageTag, TryText>> = {
  en: {
    title: 'Try it',
    intro:
      'Stop, kill or hang a real server on your machine, and see what the `onclose` of a page gets: connected directly, and through Holdfast.',
    start: 'Start the demo in a terminal:',
    open: 'It prints an address that begins with `http://127.0.0.1`. Open that: only the page that the demo itself serves can reach it, and nothing leaves your machine. `holdfast demo --stay` shows the faults in the terminal first.',
    noScript: 'This tool needs JavaScript. `holdfast demo` shows the same in a terminal.',
    looking: 'Looking for the demo …',
    notHere:
      'No demo serves this page. Start it as above and open the address that it prints; what is below works there.',
    ready: 'The demo is running.',
    gone: 'The demo does not answer any more. Start it again, and open the address that it prints.',
    refused: 'Not done: {why}',
    backend: 'The server',
    states: {
      running: 'is running',
      stopped: 'is stopped',
      hanging: 'hangs',
      garbage: 'answers garbage',
    },
    actions: {
      stop: 'Stop (SIGTERM)',
      kill: 'Kill (SIGKILL)',
      hang: 'Hang (SIGSTOP)',
      garbage: 'Answer garbage',
      start: 'Run again',
      drain: 'Drain the gateway',
    },
    hold: 'Hold clients while the server is away (`hold`)',
    holdOn: 'hold is on',
    holdOff: 'hold is off',
    direct: 'Directly',
    gateway: 'Through Holdfast',
    connections: { none: 'not connected', connecting: 'connecting', open: 'connected', closed: 'closed' },
    connect: 'Connect again',
    send: 'Send a message',
    automatic: 'reconnect by itself after 1 s',
    lastClose: 'Last close',
    noClose: 'Nothing has been closed yet.',
    clean: 'closed with a handshake (`wasClean` is true)',
    notClean: 'broken off (`wasClean` is false)',
    reason: 'Reason',
    noReason: 'none',
    log: 'What the page saw',
    sent: 'sent {text}',
  },
  fr: {
    title: 'Essayer',
    intro:
      'Arrêtez, tuez ou figez un vrai serveur sur votre machine, et voyez ce que reçoit le `onclose` d’une page : en connexion directe, et à travers Holdfast.',
    start: 'Lancez la démo dans un terminal :',
    open: 'Elle affiche une adresse qui commence par `http://127.0.0.1`. Ouvrez-la : seule la page servie par la démo elle-même peut l’atteindre, et rien ne quitte votre machine. `holdfast demo --stay` montre d’abord les pannes dans le terminal.',
    noScript: 'Cet outil a besoin de JavaScript. `holdfast demo` montre la même chose dans un terminal.',
    looking: 'Recherche de la démo…',
    notHere:
      'Cette page n’est pas servie par une démo. Lancez-la comme ci-dessus et ouvrez l’adresse affichée ; ce qui suit y fonctionne.',
    ready: 'La démo est en cours.',
    gone: 'La démo ne répond plus. Relancez-la et ouvrez l’adresse affichée.',
    refused: 'Non exécuté : {why}',
    backend: 'Le serveur',
    states: {
      running: 'fonctionne',
      stopped: 'est arrêté',
      hanging: 'est figé',
      garbage: 'répond n’importe quoi',
    },
    actions: {
      stop: 'Arrêter (SIGTERM)',
      kill: 'Tuer (SIGKILL)',
      hang: 'Figer (SIGSTOP)',
      garbage: 'Répondre n’importe quoi',
      start: 'Remettre en marche',
      drain: 'Drainer la passerelle',
    },
    hold: 'Retenir les clients pendant l’absence du serveur (`hold`)',
    holdOn: 'hold est activé',
    holdOff: 'hold est désactivé',
    direct: 'Directement',
    gateway: 'À travers Holdfast',
    connections: { none: 'non connecté', connecting: 'connexion', open: 'connecté', closed: 'fermé' },
    connect: 'Se reconnecter',
    send: 'Envoyer un message',
    automatic: 'se reconnecter tout seul après 1 s',
    lastClose: 'Dernière fermeture',
    noClose: 'Rien n’a encore été fermé.',
    clean: 'fermée par un échange de Close (`wasClean` vaut true)',
    notClean: 'interrompue (`wasClean` vaut false)',
    reason: 'Motif',
    noReason: 'aucun',
    log: 'Ce que la page a vu',
    sent: 'envoyé : {text}',
  },
  de: {
    title: 'Ausprobieren',
    intro:
      'Beenden Sie einen echten Server auf Ihrem Rechner, brechen Sie ihn ab oder lassen Sie ihn hängen, und sehen Sie, was das `onclose` einer Seite erfährt: direkt verbunden und durch Holdfast.',
    start: 'Starten Sie die Demo in einem Terminal:',
    open: 'Sie gibt eine Adresse aus, die mit `http://127.0.0.1` beginnt. Öffnen Sie diese: Nur die Seite, die die Demo selbst ausliefert, kann sie erreichen, und nichts verlässt Ihren Rechner. `holdfast demo --stay` zeigt vorher die Fehler im Terminal.',
    noScript: 'Dieses Werkzeug braucht JavaScript. `holdfast demo` zeigt dasselbe im Terminal.',
    looking: 'Die Demo wird gesucht …',
    notHere:
      'Diese Seite kommt nicht von einer Demo. Starten Sie sie wie oben und öffnen Sie die ausgegebene Adresse; dort funktioniert, was hier folgt.',
    ready: 'Die Demo läuft.',
    gone: 'Die Demo antwortet nicht mehr. Starten Sie sie neu und öffnen Sie die ausgegebene Adresse.',
    refused: 'Nicht ausgeführt: {why}',
    backend: 'Der Server',
    states: {
      running: 'läuft',
      stopped: 'ist beendet',
      hanging: 'hängt',
      garbage: 'antwortet Unsinn',
    },
    actions: {
      stop: 'Beenden (SIGTERM)',
      kill: 'Abbrechen (SIGKILL)',
      hang: 'Anhalten (SIGSTOP)',
      garbage: 'Unsinn antworten',
      start: 'Wieder laufen lassen',
      drain: 'Verbindungen des Gateways abbauen',
    },
    hold: 'Clients halten, solange der Server weg ist (`hold`)',
    holdOn: 'hold ist an',
    holdOff: 'hold ist aus',
    direct: 'Direkt',
    gateway: 'Durch Holdfast',
    connections: {
      none: 'nicht verbunden',
      connecting: 'verbindet sich',
      open: 'verbunden',
      closed: 'geschlossen',
    },
    connect: 'Neu verbinden',
    send: 'Nachricht senden',
    automatic: 'nach 1 s von selbst neu verbinden',
    lastClose: 'Letzter Close',
    noClose: 'Noch wurde nichts geschlossen.',
    clean: 'ordentlich geschlossen (`wasClean` ist true)',
    notClean: 'abgerissen (`wasClean` ist false)',
    reason: 'Grund',
    noReason: 'keiner',
    log: 'Was die Seite gesehen hat',
    sent: '{text} gesendet',
  },
  es: {
    title: 'Probarlo',
    intro:
      'Detenga, mate o congele un servidor real en su máquina y vea qué recibe el `onclose` de una página: conectada directamente y a través de Holdfast.',
    start: 'Inicie la demo en un terminal:',
    open: 'Muestra una dirección que empieza por `http://127.0.0.1`. Ábrala: solo la página que sirve la propia demo puede llegar a ella, y nada sale de su máquina. `holdfast demo --stay` muestra antes los fallos en el terminal.',
    noScript: 'Esta herramienta necesita JavaScript. `holdfast demo` muestra lo mismo en un terminal.',
    looking: 'Buscando la demo…',
    notHere:
      'Ninguna demo sirve esta página. Iníciela como se indica arriba y abra la dirección que muestra; allí funciona lo que sigue.',
    ready: 'La demo está en marcha.',
    gone: 'La demo ya no responde. Iníciela de nuevo y abra la dirección que muestra.',
    refused: 'No se hizo: {why}',
    backend: 'El servidor',
    states: {
      running: 'funciona',
      stopped: 'está detenido',
      hanging: 'está congelado',
      garbage: 'responde basura',
    },
    actions: {
      stop: 'Detener (SIGTERM)',
      kill: 'Matar (SIGKILL)',
      hang: 'Congelar (SIGSTOP)',
      garbage: 'Responder basura',
      start: 'Ponerlo en marcha otra vez',
      drain: 'Drenar el gateway',
    },
    hold: 'Retener a los clientes mientras el servidor no está (`hold`)',
    holdOn: 'hold está activado',
    holdOff: 'hold está desactivado',
    direct: 'Directamente',
    gateway: 'A través de Holdfast',
    connections: { none: 'sin conexión', connecting: 'conectando', open: 'conectado', closed: 'cerrado' },
    connect: 'Conectar de nuevo',
    send: 'Enviar un mensaje',
    automatic: 'reconectar por sí solo tras 1 s',
    lastClose: 'Último cierre',
    noClose: 'Todavía no se ha cerrado nada.',
    clean: 'cerrado con el intercambio de Close (`wasClean` es true)',
    notClean: 'interrumpido (`wasClean` es false)',
    reason: 'Motivo',
    noReason: 'ninguno',
    log: 'Lo que vio la página',
    sent: 'enviado: {text}',
  },
  pt: {
    title: 'Experimentar',
    intro:
      'Pare, mate ou congele um servidor real na sua máquina e veja o que o `onclose` de uma página recebe: conectada diretamente e através do Holdfast.',
    start: 'Inicie a demo em um terminal:',
    open: 'Ela mostra um endereço que começa com `http://127.0.0.1`. Abra-o: só a página servida pela própria demo consegue alcançá-la, e nada sai da sua máquina. `holdfast demo --stay` mostra antes as falhas no terminal.',
    noScript: 'Esta ferramenta precisa de JavaScript. `holdfast demo` mostra o mesmo em um terminal.',
    looking: 'Procurando a demo…',
    notHere:
      'Nenhuma demo serve esta página. Inicie-a como acima e abra o endereço mostrado; o que segue funciona lá.',
    ready: 'A demo está em execução.',
    gone: 'A demo não responde mais. Inicie-a de novo e abra o endereço mostrado.',
    refused: 'Não executado: {why}',
    backend: 'O servidor',
    states: {
      running: 'está em execução',
      stopped: 'está parado',
      hanging: 'está congelado',
      garbage: 'responde lixo',
    },
    actions: {
      stop: 'Parar (SIGTERM)',
      kill: 'Matar (SIGKILL)',
      hang: 'Congelar (SIGSTOP)',
      garbage: 'Responder lixo',
      start: 'Executar de novo',
      drain: 'Drenar o gateway',
    },
    hold: 'Segurar os clientes enquanto o servidor está fora (`hold`)',
    holdOn: 'hold está ligado',
    holdOff: 'hold está desligado',
    direct: 'Diretamente',
    gateway: 'Através do Holdfast',
    connections: { none: 'não conectado', connecting: 'conectando', open: 'conectado', closed: 'fechado' },
    connect: 'Conectar de novo',
    send: 'Enviar uma mensagem',
    automatic: 'reconectar sozinho após 1 s',
    lastClose: 'Último fechamento',
    noClose: 'Nada foi fechado ainda.',
    clean: 'fechado com a troca de Close (`wasClean` é true)',
    notClean: 'interrompido (`wasClean` é false)',
    reason: 'Motivo',
    noReason: 'nenhum',
    log: 'O que a página viu',
    sent: 'enviado: {text}',
  },
  ja: {
    title: '試す',
    intro:
      '手元のマシンで本物のサーバーを停止、強制終了、無応答にして、ページの `onclose` に何が届くかを見ます。直接つないだ場合と、Holdfast を通した場合を並べます。',
    start: 'ターミナルでデモを起動します：',
    open: '`http://127.0.0.1` で始まるアドレスが表示されます。それを開いてください。デモに接続できるのは、デモ自身が配るページだけです。データがマシンの外に出ることはありません。`holdfast demo --stay` では、先にターミナルで障害の様子を見られます。',
    noScript: 'この道具には JavaScript が必要です。ターミナルの `holdfast demo` でも同じものを見られます。',
    looking: 'デモを探しています…',
    notHere:
      'このページはデモから配られたものではありません。上のとおり起動し、表示されたアドレスを開いてください。以下はそこで動きます。',
    ready: 'デモは動作中です。',
    gone: 'デモが応答しなくなりました。もう一度起動し、表示されたアドレスを開いてください。',
    refused: '実行されませんでした：{why}',
    backend: 'サーバー',
    states: {
      running: '動作中',
      stopped: '停止',
      hanging: '無応答',
      garbage: '無意味な応答を返す',
    },
    actions: {
      stop: '停止（SIGTERM）',
      kill: '強制終了（SIGKILL）',
      hang: '無応答にする（SIGSTOP）',
      garbage: '無意味な応答を返す',
      start: '元に戻して動かす',
      drain: 'ゲートウェイをドレインする',
    },
    hold: 'サーバーが不在の間、クライアントを保持する（`hold`）',
    holdOn: 'hold オン',
    holdOff: 'hold オフ',
    direct: '直接',
    gateway: 'Holdfast 経由',
    connections: { none: '未接続', connecting: '接続中', open: '接続済み', closed: '切断' },
    connect: '接続し直す',
    send: 'メッセージを送る',
    automatic: '1 秒後に自動で再接続',
    lastClose: '直近のクローズ',
    noClose: 'まだ何も閉じられていません。',
    clean: 'Close を交わして終了（`wasClean` は true）',
    notClean: '途中で切断（`wasClean` は false）',
    reason: '理由',
    noReason: 'なし',
    log: 'ページから見えたこと',
    sent: '{text} を送信',
  },
  zh: {
    title: '动手试试',
    intro:
      '在自己的机器上停止、强制终止或挂起一个真实的服务器，看看页面的 `onclose` 收到什么：直接连接，以及通过 Holdfast 连接。',
    start: '在终端中启动演示：',
    open: '它会显示一个以 `http://127.0.0.1` 开头的地址。请打开该地址：只有演示自己提供的页面才能连接到它，数据不会离开您的机器。`holdfast demo --stay` 会先在终端中展示各种故障。',
    noScript: '此工具需要 JavaScript。在终端中运行 `holdfast demo` 可以看到同样的内容。',
    looking: '正在查找演示…',
    notHere: '此页面不是由演示提供的。请按上面的方法启动，并打开它显示的地址；下面的内容在那里才能使用。',
    ready: '演示正在运行。',
    gone: '演示已不再响应。请重新启动，并打开它显示的地址。',
    refused: '未执行：{why}',
    backend: '服务器',
    states: {
      running: '正在运行',
      stopped: '已停止',
      hanging: '已挂起',
      garbage: '返回乱码',
    },
    actions: {
      stop: '停止（SIGTERM）',
      kill: '强制终止（SIGKILL）',
      hang: '挂起（SIGSTOP）',
      garbage: '返回乱码',
      start: '恢复运行',
      drain: '排空网关',
    },
    hold: '服务器不在时保持客户端连接（`hold`）',
    holdOn: 'hold 已开启',
    holdOff: 'hold 已关闭',
    direct: '直接连接',
    gateway: '通过 Holdfast',
    connections: { none: '未连接', connecting: '正在连接', open: '已连接', closed: '已关闭' },
    connect: '重新连接',
    send: '发送消息',
    automatic: '1 秒后自动重连',
    lastClose: '最近一次关闭',
    noClose: '还没有任何连接关闭。',
    clean: '经关闭握手结束（`wasClean` 为 true）',
    notClean: '中途断开（`wasClean` 为 false）',
    reason: '原因',
    noReason: '无',
    log: '页面看到的内容',
    sent: '已发送 {text}',
  },
}
