import type { ProtocolText } from '../language.ts'

/** The codes that RFC 6455 itself defines, and that travel in a Close. */
export const protocol: ProtocolText = {
  normalClosure: {
    meaning: '连接已完成使命，主动结束。',
    says: '事情办完了，再见。',
    description:
      '干净的结束：一方说已经完成，另一方表示同意。程序把它当作成功，大多数会自动重连的客户端在此之后不再重连。',
    whenSeen:
      '脚本里调用 `close(1000)` 之后、最后一个订阅结束时、任务完成时，或者默认使用 1000 的服务器关闭时。',
    howToFix: [
      '如果结束在意料之中，什么也不用做。',
      '如果部署之后客户端没有重连，看看服务器关闭时用的是哪个码（Bandit 和 Vert.x 默认用 1000，uWebSockets 在连接达到最长寿命时也用它），改成 1012 或 1001。',
    ],
    causes: [
      '应用调用了 `close(1000)`。',
      '客户端已经没有要监听的东西，例如最后一个订阅结束后的 GraphQL 客户端。',
      '框架每次停止都发送 1000。',
      '连接达到了最长寿命。',
    ],
    pitfalls: [
      'phoenix.js 和许多客户端在 1000 之后永远不会重连。',
      '不带参数的 `close()` 发送的不是 1000：Close 是空的，对端看到的是 1005。',
      'Discord 的客户端用 1000 或 1001 关闭时会话随之结束；用其他任何码关闭，会话都可以恢复。',
    ],
    use: '事情已经做完，谁也不需要重连。',
    retry: {
      registered: '没有规定。RFC 只说连接的目的已经达到。',
      practice: '不再重连，除非应用仍然需要这个连接；只要还有活着的订阅，graphql-ws 会立刻重连。',
      holdfast: '没有任何失败，也就没有什么可重试的。网关原样转发 1000。',
    },
  },
  goingAway: {
    meaning: '端点即将离开：服务器关闭，或者浏览器离开页面。',
    says: '我要走了。',
    description:
      '关闭时最常见的码，也是 RFC 6455 为此准备的唯一一个。它只说端点要走，没有说是否会恢复，也没有说何时恢复。',
    whenSeen:
      '部署和缩容（使用 Python websockets、Java-WebSocket、graphql-ws 或 aiohttp 的服务器）、Caddy 重新加载、Cloudflare 边缘节点重启、AWS API Gateway 空闲十分钟或连接满两小时、Discord 要求客户端重连到别处。在服务器一侧，每当用户关闭标签页时都会出现。',
    howToFix: [
      '让客户端随机等待一段时间后重连。',
      '在服务器上把关闭动作分散到几秒之内；如果服务器会重启，请改用 1012。',
      '针对空闲限制，在到期之前尽早发送 ping。',
      '针对最长寿命，在到期之前打开下一个连接并切换过去。',
    ],
    causes: [
      '服务器、worker 或代理停止运行。',
      '代理重新加载配置，或者边缘节点重启。',
      '达到了空闲超时或最长寿命。',
      '用户离开了页面。',
    ],
    pitfalls: [
      '脚本不能发送它：`close(1001)` 会抛出 `InvalidAccessError`。',
      'Python websockets 把它算作正常结束，所以遍历消息的 `async for` 循环会悄悄停下。',
      '像 sockette 这样在 1001 之后不重连的客户端，每次 Caddy 重新加载后都会一直断开。',
    ],
    use: '你要停止，而且不确定是否会恢复：彻底关闭、缩容、寿命上限。',
    retry: {
      registered:
        '对这个码没有规定。对于异常关闭，RFC 6455 第 7.2.3 节要求首次随机等待，例如 0–5 秒，然后指数退避。',
      practice: '短暂随机等待后重连，然后逐渐拉长间隔。',
      holdfast: '服务器停止了，也没有说明多久：按连接丢失处理。网关只在自己排空时对上游说 1001。',
    },
  },
  protocolError: {
    meaning: '对端违反了 WebSocket 协议。',
    says: '你发来的不是 WebSocket。',
    description:
      '一方收到了 RFC 6455 不允许的内容：错误的掩码位、保留位或保留操作码、混乱的分片、过长的控制帧，或者它不认识的关闭码。',
    whenSeen:
      '手写的客户端和服务器、改动帧的代理、压缩不匹配、升级之后的套接字上出现 HTTP 字节，或者把较新的关闭码发给了列表陈旧的库。',
    howToFix: [
      '抓取帧，检查掩码（客户端必须加掩码，服务器绝不加）、保留位、操作码和分片。',
      '如果 1002 是对带有 1012、1013、1014 或 3000-3999 的 Close 的回应，说明接收方的库拒绝这个码：升级它，或者为它配置另一个码。',
      '把代理从路径上拿掉再试一次。',
      '用 Autobahn 测试套件检验你自己写的那一侧。',
    ],
    causes: [
      '没有掩码的客户端帧，或者带掩码的服务器帧。',
      '没有协商压缩却收到了压缩的帧。',
      'Close 里有无效的 UTF-8 或未知的码。',
      '绕过库直接写到套接字上的数据。',
    ],
    pitfalls: [
      'gorilla/websocket 用 1002 回应 1014，返回的错误让 `IsCloseError` 和 `IsUnexpectedCloseError` 都为假。',
      '它不是用来表示应用收到了错误输入的：请用 1008 或自定义的码。',
    ],
    use: '对端发来了 RFC 6455 禁止的内容。通常由库替你发送。',
    retry: {
      registered: '没有规定。',
      practice: '不再重连，因为同样的字节会得到同样的错误。再试一次也合理，可以排除代理损坏帧的可能。',
      holdfast:
        '网关对违反协议的客户端说 1002。如果违反协议的是上游，就对上游说 1002，对客户端说 1014，因为客户端没有做错什么。',
    },
  },
  unsupportedData: {
    meaning: '端点不接受这种类型的数据，例如它只懂文本，却收到了二进制。',
    says: '我不接受这种类型的消息。',
    description: '问题在于消息的类型是文本还是二进制，而不在于内容。',
    whenSeen:
      '把 `Blob` 或 `ArrayBuffer` 发给 JSON 端点，或者把文本发给 protobuf 或音频服务。AWS API Gateway 的文档用它表示二进制消息，因为其 WebSocket API 不接受二进制消息。',
    howToFix: [
      '对方要文本就发文本：`JSON.stringify`，字节则用 base64。',
      '或者让端点接受二进制消息。',
      '检查你的 `send` 调用实际发送的是哪种类型。',
    ],
    causes: ['向只收文本的端点发送了二进制消息。', '向只收二进制的端点发送了文本消息。'],
    pitfalls: ['文本消息里的 JSON 有误不属于 1003：请用 1007、1008 或自定义的码。'],
    use: '你只收文本却收到了二进制，或者反过来。',
    retry: {
      registered: '没有规定。',
      practice: '在发送方改正之前不再重连。',
      holdfast: '只有发送方改变才有用。网关不看消息内容，所以自己从不说 1003，只是转发它。',
    },
  },
  invalidPayload: {
    meaning: '消息的字节与其类型不符，例如文本不是 UTF-8。',
    says: '我无法解码你发来的东西。',
    description: '帧是合法的，但里面的内容无法解码：文本不是 UTF-8，或者压缩数据无法解压。',
    whenSeen:
      '把 Latin-1 或在字符中间截断的字符串当作文本发送、把字节当作文本发送、压缩数据损坏。Gemini Live 用它表示无效参数，甚至密钥过期。',
    howToFix: [
      '阅读原因：服务会把真正的缘由写在那里。',
      '文本用 UTF-8 编码，绝不要在字符中间截断。',
      '字节用二进制消息发送。',
      '如果只在压缩时出现，就在一侧关闭 permessage-deflate，看看问题在哪一侧。',
    ],
    causes: [
      '字符集错误。',
      '二进制数据被当作文本发送。',
      '压缩数据无法解压。',
      '服务赋予了自己的含义，例如“无效参数”。',
    ],
    pitfalls: [
      'Close 的原因里有无效 UTF-8 时，在 ws 和 Node 里是 1007，在 Chromium 里是 1002。',
      '丢弃原因的程序会把缘由一并藏起来。',
    ],
    use: '帧是合法的，但你无法理解其中的字节。在原因里说明是哪些。',
    retry: {
      registered: '没有规定。',
      practice: '在数据或配置改正之前不再重连。',
      holdfast: '只有发送方改变才有用。网关不触碰载荷，字节与发送方写下的完全一样。',
    },
  },
  policyViolation: {
    meaning: '对端违反了端点的规则。通用的拒绝。',
    says: '你违反了我的一条规则。',
    description: '用于一切不被允许又没有更合适的码的情形，或者服务器不愿多说的时候。',
    whenSeen:
      '令牌缺失或过期、`Origin` 不对、请求太多（AWS API Gateway）、分片太多（ws、undici）、未知模型（Gemini Live），以及大多数 FastAPI 教程。',
    howToFix: [
      '阅读原因。',
      '更新凭据；检查 `Origin` 和权限。',
      '如果是限流，就少发一些，停 30–60 秒再重连。',
      '如果你是服务器的作者，请优先使用 3000、3003 或有文档的自定义码，让客户端能区分不同情形。',
    ],
    causes: ['认证或授权失败。', '`Origin` 不被允许。', '超过了速率限制。', '达到了防滥用的上限。'],
    pitfalls: [
      '先接受、再说 1008 的服务器，每次都会重置天真的客户端的退避：连接存活几秒之后才应重置。',
      '升级之前的拒绝是 HTTP 403，浏览器会显示为 1006。',
    ],
    use: '你要拒绝，而没有更精确的码，或者你不想透露任何信息。',
    retry: {
      registered: '没有规定。',
      practice: '在情况改变之前不再重连；遇到限流，等一分钟左右。',
      holdfast:
        '同一个客户端会再次违反同一条规则。网关对超过 `limits.messagesPerSecond` 的客户端说 1008；设置 `rejections: close` 时，也用于没有对应码的 HTTP 拒绝。',
    },
  },
  messageTooBig: {
    meaning: '消息超过了端点愿意接收的大小。',
    says: '这条消息对我来说太大了。',
    description: '达到了上限：可能是单个帧、整条消息，或者解压之后的消息。',
    whenSeen:
      '大型 JSON 快照、base64 图片、音频片段。各家上限差别很大：Uvicorn 默认 16 MiB，Bandit 的分片消息是 8 MB。',
    howToFix: [
      '拆分或压缩数据，或者通过 HTTP 上传后发送链接。',
      '或者调高上限：ws 的 `maxPayload`、Uvicorn 的 `--ws-max-size`、Python websockets 的 `max_size`、Holdfast 的 `limits.messageBytes`。',
    ],
    causes: ['消息超过了配置的上限。', '防止解压炸弹的保护。', '路径上的代理或网关有上限。'],
    pitfalls: [
      '上限可能是你自己的：客户端库也有上限，那样的话关闭的是你这一侧。',
      '线路上很小的消息，解压之后可能太大。',
    ],
    use: '消息超过了你的上限。把上限写进原因。',
    retry: {
      registered: '没有规定。',
      practice: '做法不一：重连但不再发送那条消息；centrifuge-js 则停止。',
      holdfast:
        '重连后又发送同一条消息的客户端会没完没了。对超过 `limits.messageBytes` 的消息，网关说 1009。',
    },
  },
  mandatoryExtension: {
    meaning: '客户端需要一个扩展，而服务器没有同意。',
    says: '我需要一个你没有同意的扩展。',
    description: '只有客户端会发送它，缺少的扩展写在原因里。服务器如果缺少扩展，则会让握手失败。',
    whenSeen: '非常少见：坚持要用 permessage-deflate 或自有扩展的客户端。',
    howToFix: [
      '在服务器上启用该扩展。',
      '让路径上的每个代理放行 `Sec-WebSocket-Extensions`。',
      '或者在客户端把该扩展改成可选。',
    ],
    causes: ['服务器没有这个扩展。', '路径上的代理删掉了 `Sec-WebSocket-Extensions`。'],
    pitfalls: ['如果由服务器发送，JDK 的 HTTP 客户端会视之为非法。'],
    use: '只有当你是离开某个扩展就无法工作的客户端时才用。在原因里写出扩展名。',
    retry: {
      registered: '没有规定。',
      practice: '不再重连：需要改变的是配置。',
      holdfast: '再试一次结果也一样。网关原样放行提议、协商结果和这个码。',
    },
  },
  internalError: {
    meaning: '端点遇到了没有预料到的状况，无法继续。',
    says: '我这里出了故障。',
    description: '与 HTTP 500 相近。RFC 6455 把它留给服务器；勘误 3227 和注册表把它扩展到任何端点。',
    whenSeen:
      '处理函数里未捕获的异常、没有得到应答的 ping（Python websockets）、代理丢失了后端、没有关闭就结束的 ASGI 应用（Hypercorn、Daphne）、AI 语音服务的故障和配额。',
    howToFix: [
      '查看那一秒服务器的日志，里面应该有堆栈跟踪。',
      '如果原因里提到 ping 超时，先找被阻塞的事件循环或缓慢的网络，再去动超时设置。',
      '如果服务器不是你的，就把原因和时间报告给对方。',
    ],
    causes: ['没有人捕获的异常。', '没有应答的保活 ping。', '没有关闭就返回的应用。', '丢失了后端的代理。'],
    pitfalls: [
      'Python 日志里的 `sent 1011` 表示关闭的是你自己这一侧。',
      '许多代理在后端丢失时说 1011，而 1014 能说明得更多。',
      '同样的输入可能再次引发崩溃：尝试几次之后停下来，或者发出告警。',
    ],
    use: '你内部出了错，与别人无关。不要把堆栈跟踪写进原因。',
    retry: {
      registered: '没有规定。',
      practice: '带退避地重连；尝试几次之后停下来或发出告警。',
      holdfast:
        '故障可能已经过去，别的实例也许没有这个问题：按连接丢失处理。网关只为自身的故障说 1011，并且对两侧都说。',
    },
  },
}
