import type { RegisteredText } from '../language.ts'

export const registered: RegisteredText = {
  serviceRestart: {
    meaning: '服务正在重启。请重连。',
    says: '我正在重启，很快恢复。',
    description: '计划内的中断：服务器主动停止，预计很快恢复，并希望客户端错开时间重连。',
    whenSeen:
      'Uvicorn 每次关闭和重新加载时（0.21 起）、Phoenix 排空套接字时（1.7.6 起）、AWS API Gateway 重启时、在 SIGTERM 处理函数里这样说的服务器，以及 Holdfast 排空时。',
    howToFix: [
      '什么也没坏：随机等待一段时间后重连并继续。',
      '如果在部署之外出现，检查崩溃循环、自动重新加载和 worker 轮换。',
      '如果客户端没有重连，检查它的库是否接受 1012，以及它的重连逻辑是否把干净的关闭当成了最终的结束。',
      '如果所有客户端在同一秒重连，给客户端加上抖动，或者让服务器给每个连接各自的 `retry=`。',
    ],
    causes: [
      '部署或滚动更新。',
      '重新加载配置，或者开发时的自动重新加载。',
      'worker 轮换。',
      '托管网关的维护。',
    ],
    pitfalls: [
      '固定的等待时间会让所有客户端在同一时刻重连。',
      '有些库在接收时拒绝它并报告协议错误；见支持情况表。',
      'nginx、HAProxy 和被杀的进程不会发送它：它们的重启看起来像 1006。Caddy 和 Cloudflare 发送的是 1001。',
      'Uvicorn 即使不再启动也会发送 1012。',
      'Python websockets 为它抛出 `ConnectionClosedError`，而不是 `ConnectionClosedOK`。',
      '浏览器里的脚本可以收到它，但不能发送；`dart:io` 也不能发送。',
    ],
    use: '你主动停止，并且几秒之内就会恢复。给每个客户端各自的 `retry=`。',
    retry: {
      registered:
        '随机 5–30 秒，出自注册表为这个码引用的邮件列表帖子。RFC 6455 和注册表本身都没有写明等待时间。',
      practice:
        '随机 1–5 秒，然后指数退避：与 Socket.IO 和 reconnecting-websocket 的等待时间相近。有些客户端只等 10–50 ms，指望服务器像 Phoenix 那样把关闭分散开。',
      holdfast:
        '遵从 `retry=`，因为只有服务器知道它断开了多少客户端、什么时候恢复；网关给每个连接各自的值，均匀分布。没有 `retry=` 时采用惯例中较短的范围，因为大多数重启时已有其他实例在服务。如果成千上万的客户端要重连到同一个进程，请让服务器给出 `retry=`，或者采用较长的范围。',
    },
  },
  tryAgainLater: {
    meaning: '服务器过载，断开这个客户端以减轻负载。请稍后重连。',
    says: '我已满载，请稍后重连。',
    description:
      '减载（load shedding）。提议时名为“Service Overload”，注册时名为“Try Again Later”。Close 帧没有 `Retry-After` 那样的字段，提示只能写在原因里。',
    whenSeen:
      '连接数或房间数的上限、workerd 等基于 Cap’n Proto 的服务器过载、限流。在 Holdfast 上，则是网关的上限已到，或者上游用 503 或 429 应答握手。',
    howToFix: [
      '等待的时间要比 1012 之后长得多，而且一次比一次长。',
      '如果有别的主机就换一台，并告诉用户。',
      '在服务器上增加容量，或者降低建立连接的代价。',
      '如果客户端能读取 HTTP 状态，就在升级之前拒绝：带 `Retry-After` 的 503 比接受一个连接更省。',
    ],
    causes: ['过载。', '达到了连接数配额。', '超过了速率限制。', '维护模式。'],
    pitfalls: [
      '过快重连会让过载更严重。',
      '接收时拒绝 1012 的库也拒绝 1013。',
      '在接受连接之前发送，它会变成 HTTP 状态，浏览器报告的是 1006。',
    ],
    use: '你一切正常，只是没有空位。加上 `retry=`。能读取 HTTP 状态的客户端，最好在升级之前就拒绝。',
    retry: {
      registered:
        '按注册表引用的帖子：只能去同一目标的另一个地址，或者在用户要求时才连接原来的地址。这比名字更严格：不得自动重连。',
      practice:
        '做法不一：许多客户端对所有码使用同一套退避；会区分它的客户端带抖动等待 30–120 秒，并且越等越久。',
      holdfast:
        '遵从 `retry=`，网关从上游的 `Retry-After` 取得它，或者为自身的上限在时间上错开。没有它时，客户端等待的时间比其他任何码之后都长，而且从不立刻重连。',
    },
  },
  badGateway: {
    meaning: '网关没有从背后的服务器得到有效的应答。',
    says: '我没问题，我背后的服务器有问题。',
    description:
      '网关本身正常，背后的服务器却没有正常应答。它与 HTTP 502 相近，用于已经成为 WebSocket 的连接。',
    whenSeen:
      '在 Holdfast 背后：已打开的连接失去了上游。完全没有得到上游的客户端，如果表明自己理解关闭码，或者路由写有 `badGateway: close`，也会收到它；其他客户端得到 HTTP 502、503 或 504，正文里有这个码。在别处很少见：没有发现 nginx、HAProxy、Caddy、Cloudflare 和 AWS API Gateway 发送它；在那里，同样的故障表现为 HTTP 502、1006 或 1011。',
    howToFix: [
      '阅读原因。在 Holdfast 背后，它会说明出了什么问题：`connection refused`、`no answer in 5 s`、`status 500`。',
      '检查上游的健康状况：进程在运行吗？在它自己的机器上有应答吗？`curl -i http://HOST:PORT/PATH` 必须显示某种 HTTP 应答。',
      '检查端口：是服务器监听的那个端口吗？网关能到达它吗？在容器里，`localhost` 就是容器自己。',
      '检查代理是否路由升级请求：主机和路径通向 WebSocket 服务器，路径上的每个代理都使用 HTTP/1.1 并放行 `Connection` 和 `Upgrade`。应答必须是 101。',
      '检查网关与上游之间的 TLS：`wss://` 指向了明文端口，或者证书无法验证。',
      '如果它跟在一波 1012 之后，说明上游正在重启：等待，并让新进程在旧进程停止之前开始监听。',
    ],
    causes: [
      '上游停机、正在重启或卡住。',
      '网关的主机、端口或路径配置有误。',
      '网关与上游之间的代理不放行升级。',
      '一侧使用 TLS 而另一侧没有，或者证书无法验证。',
      '上游切断了连接。',
    ],
    pitfalls: [
      '没有哪个已注册的码在接收时被这么多库拒绝；gorilla/websocket 和 tungstenite 用 1002 回应它。浏览器接受它。',
      '它的注册晚于 1012 和 1013，较旧的列表里没有它。',
      '一些小项目把它误用为“未授权”。',
    ],
    use: '你是网关，背后的服务器不可达、没有回音或应答有误。把缘由写进原因。',
    retry: {
      registered: '没有规定。注册文本把它比作 HTTP 502，没有给出等待时间。',
      practice:
        '与 HTTP 502 之后一样：等一秒左右重连，带指数退避和抖动。graphql-ws 会在它之后重连，htmx 的 WebSocket 扩展不会。',
      holdfast: '开始时等得短，因为别的上游可能已经在服务；随后迅速拉长，因为网关已经试过其他上游。',
    },
  },
  unauthorized: {
    meaning: '需要认证，或者认证失败。类似 HTTP 401。',
    says: '请先登录。',
    description:
      '表达“请先登录”的注册用法。它位于供库和框架使用的范围内，别的软件可能用同一个号码表示别的意思。',
    whenSeen:
      '密钥错误时的 OpenAI Realtime API。设置了 `rejections: close` 的 Holdfast，当上游用 401 应答握手时。',
    howToFix: [
      '取得新的凭据，然后立刻重连。',
      '如果你是服务器的作者，请先接受升级，再用 3000 和原因关闭：HTTP 401 到了页面那里只是 1006。',
    ],
    causes: ['令牌缺失、错误或过期。', '会话已经结束。'],
    pitfalls: [
      'SockJS（“Go away!”）、Centrifuge（“connection closed”，会重连）和 WebSocket++（“subprotocol error”）使用同一个号码。',
      '客户端发送 3000 到 3999 的任何码时，uWebSockets 服务器报告的都是 1006。',
      'graphql-ws 用的是 4401，而且含义不同。',
    ],
    use: '你不知道客户端是谁：它没有带凭据，或者凭据无效。',
    retry: {
      registered: '没有规定。',
      practice: '在得到新凭据之前不再重连。',
      holdfast: '只有应用才能取得新的凭据。',
    },
  },
  forbidden: {
    meaning: '已认证，但不被允许。类似 HTTP 403。',
    says: '我认识你，但你不可以。',
    description: '表达“我知道你是谁，但这不属于你”的注册用法。它比 1008 说得更明白。',
    whenSeen:
      '很少见：大多数服务使用 4403 或 1008。设置了 `rejections: close` 的 Holdfast，当上游用 403 应答握手时。',
    howToFix: ['检查角色、套餐和对频道的权限。', '不要循环重试：下一次的结果也一样。'],
    causes: ['缺少权限。', '套餐不包含它。', '用户已被封禁。'],
    pitfalls: [
      '这是供库使用的范围里的号码：框架可能用它表示别的意思。',
      '客户端发送 3000 到 3999 的任何码时，uWebSockets 服务器报告的都是 1006。',
    ],
    use: '你知道客户端是谁，而它不可以这样做。',
    retry: {
      registered: '没有规定。',
      practice: '在权限改变之前不再重连。',
      holdfast: '只有改变权限才有用。',
    },
  },
  timeout: {
    meaning: '端点等对端等得太久。类似 HTTP 408。',
    says: '我等你等得太久了。',
    description: '表达“等你的消息等得太久”的注册用法，例如一条始终没有到来的认证消息。',
    whenSeen:
      '对认证或心跳设有期限的服务；大多数使用 4408（graphql-ws、Hocuspocus），或者干脆用 1001 或 1006。设置了 `rejections: close` 的 Holdfast，当上游用 408 应答握手时。',
    howToFix: [
      '按时发送对方期待的消息。',
      '如果已经发送，就找出是什么拖住了它：被阻塞的事件循环、缓慢的网络、写满的发送缓冲区。',
      '如果期限对真实网络来说太短，就放宽它。',
    ],
    causes: ['没有及时收到认证消息。', '错过了应用的心跳。', '客户端太慢。'],
    pitfalls: ['Centrifuge 用同一个号码表示读取太慢的客户端。'],
    use: '你给对端规定了消息的期限，而期限已过。',
    retry: {
      registered: '没有规定。',
      practice: '带退避地重连。',
      holdfast: '迟到的消息往往是网络的偶然，下一次尝试也许能赶上。',
    },
  },
}
