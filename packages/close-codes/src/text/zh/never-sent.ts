import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: '保留。没有含义。',
    says: '这个号码没有任何含义。',
    description: '表里的一个空洞。协议草案曾在这里放过“消息过大”，后来变成了 1009；少数旧文档仍然这么写。',
    whenSeen: '几乎不会出现。发送它的对端是照着草案写的。',
    howToFix: ['更新对端。如果与大小有关，正确的码是 1009。'],
    causes: ['来自协议草案的常量。'],
    pitfalls: [
      'ws、gorilla/websocket、coder/websocket 和 .NET 在接收时拒绝它；Chromium 和 Firefox 会把它交给页面。',
    ],
    use: '不要使用。如果是草案让你想到了大小问题，请发送 1009。',
    retry: {
      registered: '没有规定。',
      practice: '没有：它不被使用。',
      holdfast: '它不得在线路上传输，发送它的对端和 1002 的情形一样违反了协议。',
    },
  },
  noStatusReceived: {
    meaning: '对端的 Close 帧里没有码。',
    says: '对端关闭了，但没有给出码。',
    description:
      '给本地应用看的标记，从不发送。对端用没有内容的 Close 正确地关闭，库填入 1005，好让人有个数字可看。',
    whenSeen:
      '对端调用了不带参数的 `close()`（Socket.IO 和 Tornado 会这样做）、页面丢掉了对 WebSocket 的最后一个引用，或者框架关闭时不带码。',
    howToFix: [
      '在关闭的一侧给 `close()` 传一个码，让另一侧知道原因。',
      '在代理里绝不要转发 1005：应当不带码关闭。',
    ],
    causes: ['不带参数的 `close()`。', '被垃圾回收的 WebSocket 对象。', '以空内容关闭的库。'],
    pitfalls: [
      '`close(1005)` 在 ws 和浏览器里都会抛出异常；有的代理因为转发它而崩溃。',
      '`wasClean` 为真。',
      '握手之后 TCP 丢失时，Uvicorn 告诉应用的是 1005，而 1006 才合适。',
    ],
    use: '不要使用：你调用不带码的 `close()` 时，对端读到的就是它。请传一个码。',
    retry: {
      registered: '没有规定。',
      practice: '做法不一：SocketCluster 立刻重连，sockette 不再重连。',
      holdfast: '没有迹象表明结束是有意的，因此按连接丢失处理。网关把空的 Close 原样转发为空的 Close。',
    },
  },
  abnormalClosure: {
    meaning: '连接在没有 Close 帧的情况下结束。',
    says: '连接没了，谁也没说为什么。',
    description:
      '给本地应用看的标记，从不发送。可能是 TCP 被切断、进程被杀、握手失败，或者代理放弃了。浏览器有意隐藏原因，以免页面借此探测周围的网络。',
    whenSeen:
      '负载均衡器的空闲超时、崩溃或 `kill -9`、ws 的 `terminate()`、网络切换、笔记本休眠、nginx 重新加载、DNS 或 TLS 失败、升级请求得到 HTTP 应答（401、403、404、502、503）、混合内容、内容安全策略。',
    howToFix: [
      '到脚本之外去找：浏览器的网络面板会显示升级失败的 HTTP 状态。',
      '用 `curl -i` 或 `wscat` 重做升级，它们会显示浏览器隐藏的东西。',
      '查看那一秒服务器和每一个代理的日志。',
      '如果每次都在同样的空闲时间之后出现，就让 ping 的间隔短于路径上最短的超时，或者调高那个超时。',
      '在服务器上，退出之前先发送 Close。',
    ],
    causes: [
      '开始握手失败。',
      '代理的空闲超时或读取超时。',
      '进程崩溃或被杀。',
      '网络中断。',
      'TLS 失败；浏览器从不说 1015。',
      '服务器没有发送 Close 就结束了 TCP。',
    ],
    pitfalls: [
      '无论是端口拒绝、域名不存在、TLS 失败、应答不是 101，还是连接被切断，页面看到的都是原因为空的 1006。',
      '绝不要转发它：ws 会抛出异常。请说 1014 或 1011，或者不带码关闭。',
      '即使 Close 完全正确，只要码被 uWebSockets 拒绝（1012-3999），报告的也是这个码。',
      'Chromium 最多会等 60 秒，等不到对自己 Close 的应答才报告 1006。',
    ],
    use: '不要使用：你没有发送 Close 就结束 TCP 时，对端读到的就是它。先说明为什么离开。',
    retry: {
      registered: 'RFC 6455 第 7.2.3 节：首次尝试前随机等待，称 0–5 秒是合理的，然后是截断的二进制指数退避。',
      practice: '从立刻到几秒不等。许多库没有抖动，于是它们的客户端会同时重连。',
      holdfast:
        '遵循 RFC。网关的存在就是为了让这个码变得少见：在它背后，丢失的上游会以 1014 到达客户端，并在原因里写明缘由。',
    },
  },
  tlsHandshake: {
    meaning: 'TLS 握手失败。',
    says: '还没来得及说话，TLS 就失败了。',
    description: '给本地应用看的标记，从不发送：`wss://` 在第一个 WebSocket 字节之前就失败了。',
    whenSeen: '几乎不会出现。浏览器不使用它，而是报告 1006；少数原生库有它。',
    howToFix: [
      '运行 `openssl s_client -connect HOST:443 -servername HOST`，阅读错误。',
      '检查证书的有效期、证书链和主机名，服务器的 TLS 版本，以及客户端的时钟。',
      '看看有没有截获 TLS 的公司代理或杀毒软件。',
    ],
    causes: [
      '证书过期或自签名。',
      '证书属于另一个名字。',
      '路径上有人截获 TLS。',
      '双方没有共同的 TLS 版本。',
    ],
    pitfalls: [
      '对端可能误把它发到线路上：Chromium 会让这样的帧失败；Firefox、WebSocket-Node 和 soketto 会接受。',
    ],
    use: '不要使用：TLS 建立之前，没有可以发送它的通道。',
    retry: {
      registered: '没有规定。',
      practice: '在证书或设置改正之前不再重连。',
      holdfast:
        '客户端等待期间，证书会更新，强制登录页也会过去，而有了退避，尝试的代价很小：按连接丢失处理。',
    },
  },
}
