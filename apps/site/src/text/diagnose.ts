import type { LanguageTag } from '@holdfast/close-codes/languages'

/** The words of the page that reads a proxy's configuration. `{name}` is filled in. */
export interface DiagnoseText {
  readonly title: string
  readonly intro: string
  /** That nothing leaves the page. */
  readonly privacy: string
  /** Stands in place of the tool where scripts do not run. */
  readonly noScript: string
  readonly configuration: string
  readonly kind: string
  readonly anyKind: string
  readonly file: string
  readonly run: string
  readonly example: string
  readonly reading: string
  /** `{count}` findings, `{kinds}` */
  readonly found: string
  readonly nothingFound: string
  readonly line: string
  readonly write: string
  readonly more: string
  /** What the reader does not look at. */
  readonly unread: string
  /** What it could not read. */
  readonly problems: string
  readonly tooLarge: string
  readonly tooSlow: string
  readonly levels: Record<'error' | 'warning' | 'hint' | 'ok', string>
}

export const diagnoseTexts: Readonly<Record<LanguageTag, DiagnoseText>> = {
  en: {
    title: 'Diagnose a proxy configuration',
    intro:
      'Paste the configuration of nginx, HAProxy, Caddy, Apache, Traefik, Envoy or Kubernetes. The lines that break WebSockets are marked, with the lines to write.',
    privacy: 'It is read in this page. Nothing is sent anywhere.',
    noScript:
      'This tool needs JavaScript. On a terminal, `holdfast check --proxy-config FILE` says the same.',
    configuration: 'Configuration',
    kind: 'Program',
    anyKind: 'find out',
    file: 'Open a file',
    run: 'Diagnose',
    example: 'Show an example',
    reading: 'Reading …',
    found: '{count} found, read as {kinds}',
    nothingFound: 'Nothing that breaks WebSockets was found; read as {kinds}.',
    line: 'Line {line}',
    write: 'Lines to write',
    more: 'More about this',
    unread: 'Not looked at',
    problems: 'Not understood',
    tooLarge: 'More than 1 MiB is no configuration.',
    tooSlow: 'This took too long and was stopped.',
    levels: { error: 'breaks WebSockets', warning: 'warning', hint: 'hint', ok: 'fine' },
  },
  fr: {
    title: 'Diagnostiquer la configuration d’un proxy',
    intro:
      'Collez la configuration de nginx, HAProxy, Caddy, Apache, Traefik, Envoy ou Kubernetes. Les lignes qui empêchent les WebSockets de fonctionner sont signalées, avec les lignes à écrire.',
    privacy: 'La lecture se fait dans cette page. Rien n’est envoyé.',
    noScript:
      'Cet outil a besoin de JavaScript. Dans un terminal, `holdfast check --proxy-config FILE` dit la même chose.',
    configuration: 'Configuration',
    kind: 'Programme',
    anyKind: 'détection automatique',
    file: 'Ouvrir un fichier',
    run: 'Diagnostiquer',
    example: 'Montrer un exemple',
    reading: 'Lecture…',
    found: 'Résultats : {count} ; lu comme {kinds}',
    nothingFound: 'Rien qui empêche les WebSockets de fonctionner ; lu comme {kinds}.',
    line: 'Ligne {line}',
    write: 'Lignes à écrire',
    more: 'En savoir plus',
    unread: 'Non examiné',
    problems: 'Non compris',
    tooLarge: 'Plus de 1 Mio : ce n’est pas une configuration.',
    tooSlow: 'La lecture a duré trop longtemps et a été interrompue.',
    levels: { error: 'bloque les WebSockets', warning: 'avertissement', hint: 'conseil', ok: 'correct' },
  },
  de: {
    title: 'Eine Proxy-Konfiguration diagnostizieren',
    intro:
      'Fügen Sie die Konfiguration von nginx, HAProxy, Caddy, Apache, Traefik, Envoy oder Kubernetes ein. Die Zeilen, an denen WebSockets scheitern, werden markiert, mit den Zeilen, die zu schreiben sind.',
    privacy: 'Gelesen wird in dieser Seite. Nichts wird gesendet.',
    noScript:
      'Dieses Werkzeug braucht JavaScript. Auf einem Terminal sagt `holdfast check --proxy-config FILE` dasselbe.',
    configuration: 'Konfiguration',
    kind: 'Programm',
    anyKind: 'erkennen',
    file: 'Datei öffnen',
    run: 'Diagnose',
    example: 'Beispiel zeigen',
    reading: 'Wird gelesen …',
    found: '{count} gefunden, gelesen als {kinds}',
    nothingFound: 'Nichts gefunden, woran WebSockets scheitern; gelesen als {kinds}.',
    line: 'Zeile {line}',
    write: 'Zu schreibende Zeilen',
    more: 'Mehr dazu',
    unread: 'Nicht betrachtet',
    problems: 'Nicht verstanden',
    tooLarge: 'Mehr als 1 MiB ist keine Konfiguration.',
    tooSlow: 'Das dauerte zu lange und wurde abgebrochen.',
    levels: { error: 'verhindert WebSockets', warning: 'Warnung', hint: 'Hinweis', ok: 'in Ordnung' },
  },
  es: {
    title: 'Diagnosticar la configuración de un proxy',
    intro:
      'Pegue la configuración de nginx, HAProxy, Caddy, Apache, Traefik, Envoy o Kubernetes. Se marcan las líneas que impiden el paso de los WebSockets, con las líneas que hay que escribir.',
    privacy: 'Se lee en esta página. No se envía nada.',
    noScript:
      'Esta herramienta necesita JavaScript. En un terminal, `holdfast check --proxy-config FILE` dice lo mismo.',
    configuration: 'Configuración',
    kind: 'Programa',
    anyKind: 'detectar',
    file: 'Abrir un archivo',
    run: 'Diagnosticar',
    example: 'Mostrar un ejemplo',
    reading: 'Leyendo…',
    found: 'Hallazgos: {count}; leído como {kinds}',
    nothingFound: 'No se encontró nada que impida los WebSockets; leído como {kinds}.',
    line: 'Línea {line}',
    write: 'Líneas que escribir',
    more: 'Más información',
    unread: 'No examinado',
    problems: 'No entendido',
    tooLarge: 'Más de 1 MiB no es una configuración.',
    tooSlow: 'Tardó demasiado y se detuvo.',
    levels: { error: 'impide los WebSockets', warning: 'advertencia', hint: 'sugerencia', ok: 'correcto' },
  },
  pt: {
    title: 'Diagnosticar a configuração de um proxy',
    intro:
      'Cole a configuração do nginx, HAProxy, Caddy, Apache, Traefik, Envoy ou Kubernetes. As linhas que impedem os WebSockets são marcadas, com as linhas a escrever.',
    privacy: 'A leitura é feita nesta página. Nada é enviado.',
    noScript:
      'Esta ferramenta precisa de JavaScript. Em um terminal, `holdfast check --proxy-config FILE` diz o mesmo.',
    configuration: 'Configuração',
    kind: 'Programa',
    anyKind: 'detectar',
    file: 'Abrir um arquivo',
    run: 'Diagnosticar',
    example: 'Mostrar um exemplo',
    reading: 'Lendo…',
    found: 'Encontrados: {count}; lido como {kinds}',
    nothingFound: 'Nada que impeça os WebSockets foi encontrado; lido como {kinds}.',
    line: 'Linha {line}',
    write: 'Linhas a escrever',
    more: 'Saiba mais',
    unread: 'Não examinado',
    problems: 'Não compreendido',
    tooLarge: 'Mais de 1 MiB não é uma configuração.',
    tooSlow: 'Demorou demais e foi interrompido.',
    levels: { error: 'impede os WebSockets', warning: 'aviso', hint: 'sugestão', ok: 'correto' },
  },
  ja: {
    title: 'プロキシの設定を診断する',
    intro:
      'nginx、HAProxy、Caddy、Apache、Traefik、Envoy、Kubernetes の設定を貼り付けてください。WebSocket を妨げている行に印が付き、書くべき行が示されます。',
    privacy: '読み取りはこのページの中で行われます。どこにも送信されません。',
    noScript:
      'この道具には JavaScript が必要です。端末では `holdfast check --proxy-config FILE` が同じ結果を示します。',
    configuration: '設定',
    kind: 'プログラム',
    anyKind: '自動判別',
    file: 'ファイルを開く',
    run: '診断する',
    example: '例を表示',
    reading: '読み取り中…',
    found: '{count} 件（{kinds} として読み取り）',
    nothingFound: 'WebSocket を妨げるものは見つかりませんでした（{kinds} として読み取り）。',
    line: '{line} 行目',
    write: '書くべき行',
    more: '詳しく',
    unread: '調べていないもの',
    problems: '理解できなかったもの',
    tooLarge: '1 MiB を超えるものは設定ではありません。',
    tooSlow: '時間がかかりすぎたため中止しました。',
    levels: { error: 'WebSocket を妨げる', warning: '警告', hint: 'ヒント', ok: '問題なし' },
  },
  zh: {
    title: '诊断代理的配置',
    intro:
      '粘贴 nginx、HAProxy、Caddy、Apache、Traefik、Envoy 或 Kubernetes 的配置。妨碍 WebSocket 的行会被标出，并给出应写的行。',
    privacy: '读取在本页内进行，不会发送任何内容。',
    noScript: '此工具需要 JavaScript。在终端里，`holdfast check --proxy-config FILE` 给出同样的结果。',
    configuration: '配置',
    kind: '程序',
    anyKind: '自动识别',
    file: '打开文件',
    run: '诊断',
    example: '显示示例',
    reading: '正在读取……',
    found: '发现 {count} 处（按 {kinds} 读取）',
    nothingFound: '没有发现妨碍 WebSocket 的内容（按 {kinds} 读取）。',
    line: '第 {line} 行',
    write: '应写的行',
    more: '了解更多',
    unread: '未检查',
    problems: '未能理解',
    tooLarge: '超过 1 MiB 的不是配置。',
    tooSlow: '耗时过长，已中止。',
    levels: { error: '妨碍 WebSocket', warning: '警告', hint: '提示', ok: '正常' },
  },
}
