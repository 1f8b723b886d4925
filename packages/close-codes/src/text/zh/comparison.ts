import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} 与 {b}',
  differences: '主要区别',
  common: '共同点',
  choice: '何时用哪个',
  join: '{a}；{b}。',

  sender: {
    anyone: '{n} 可以来自任何一端，也可以来自中间的网关',
    ends: '{n} 来自两端之一，从不来自网关',
    client: '{n} 只来自客户端',
    server: '{n} 来自服务器或它前面的网关',
    gateway: '{n} 只来自网关',
    nobody: '没有人发送 {n}',
  },
  occasion: {
    planned: '{n} 是计划内的',
    overload: '{n} 表示负载过高',
    refusal: '{n} 是拒绝',
    fault: '{n} 报告故障',
    untold: '{n} 没有说明缘由',
  },
  mend: {
    nothing: '{n} 之后没有什么需要修',
    sender: '{n} 之后，查发送 Close 的一侧',
    receiver: '{n} 之后，查收到 Close 的一侧',
    server: '{n} 之后，查服务器',
    credentials: '{n} 之后，查客户端及其凭据',
    rights: '{n} 之后，查服务器授予客户端的权限',
    upstream: '{n} 之后，查网关背后：上游，以及通往上游的路径',
    tls: '{n} 之后，查证书和 TLS 设置',
    anywhere: '{n} 没有说明该查哪里：服务器、网络或中间的任何代理都有可能',
  },
  wire: {
    code: '{n} 在 Close 帧里传输',
    'empty-close': '{n} 的情形下，传输的是不带码的 Close 帧（`wasClean` 为真）',
    'no-close': '{n} 的情形下，没有 Close 帧，连接就这样断了（`wasClean` 为假）',
    'no-handshake': '{n} 的情形下，什么也没有传输，因为连接没有建立',
    forbidden: '{n} 不得传输',
  },
  script: {
    yes: '浏览器里的脚本可以发送 {n}',
    no: '浏览器里的脚本可以收到 {n}，但不能发送',
  },
  comeBack: {
    stop: '{n} 之后，客户端在情况改变之前不再重连',
    reconnect: '{n} 之后，客户端先随机等待 {span}再重连，以后间隔最多 {cap}',
    delays:
      '两者之后客户端都会重连：{a} 之后先随机等待 {spanA}，{b} 之后先等待 {spanB}；以后的间隔最多 {cap}。',
    delaysAndCaps:
      '两者之后客户端都会重连：{a} 之后先随机等待 {spanA}，以后最多 {capA}；{b} 之后先等待 {spanB}，以后最多 {capB}。',
  },
  asked: {
    registration: '{n} 注册所依据的帖子要求随机等待 {span}',
    rfc: '对于 {n}，RFC 6455 建议随机等待 {span}',
    elsewhere: '{n} 注册所依据的帖子让客户端去另一个地址，只有用户要求时才连接原来的地址',
    nothing: '{n} 注册时没有规定等待时间',
  },
  http: {
    some: '{n} 与 HTTP {list} 相近',
    none: '{n} 没有相近的 HTTP 状态',
    pair: '换成 HTTP，{a} 相当于 {listA}，{b} 相当于 {listB}。',
  },
  support: {
    refused: '{n} 在 RFC 6455 里，但 {of} 个实现中有 {refusing} 个拒绝',
    standard: '{n} 在 RFC 6455 里，所有实现都接受',
    later: '{n} 是后来注册的，{of} 个实现中有 {refusing} 个拒绝',
    pair: '两者都在 RFC 6455 之后注册：{of} 个实现中，{a} 被 {refusingA} 个拒绝，{b} 被 {refusingB} 个拒绝。',
  },

  both: {
    sender: {
      anyone: '两者都可以来自任何一端，也可以来自中间的网关。',
      ends: '两者都来自两端之一，从不来自网关。',
      server: '两者都来自服务器或它前面的网关。',
      nobody: '两者都没有人发送。',
    },
    occasion: {
      planned: '两者都是计划内的。',
      refusal: '两者都是拒绝。',
      fault: '两者都报告故障。',
      untold: '两者都没有说明缘由。',
    },
    mend: {
      nothing: '两者之后都没有什么需要修。',
      sender: '两者之后都要查发送 Close 的一侧。',
      receiver: '两者之后都要查收到 Close 的一侧。',
      server: '两者之后都要查服务器。',
    },
    comeBack: {
      stop: '两者之后，客户端在情况改变之前都不再重连。',
      reconnect: '两者之后，客户端都先随机等待 {span}再重连，以后间隔最多 {cap}。',
    },
    script: {
      yes: '浏览器里的脚本两者都可以发送。',
      no: '浏览器里的脚本两者都可以收到，但都不能发送。',
    },
    http: {
      some: '两者都与 HTTP {list} 相近。',
      none: '两者都没有相近的 HTTP 状态。',
    },
    support: {
      standard: '两者都在 RFC 6455 里，所有实现都接受。',
      later: '两者都在 RFC 6455 之后注册，{of} 个实现中各有 {refusing} 个拒绝。',
    },
  },
  notes: {
    narrower: '{x} 比 {y} 说得更明白：凡是符合的地方，优先用它。',
    narrowerButRefused:
      '{x} 比 {y} 说得更明白：凡是符合的地方，优先用它。如果接收方拒绝 {x}，退而求其次用 {y}。',
    oneEvent:
      '如果 {y} 紧跟在 {x} 之后，两者说的是同一件事：网关背后的服务器已经停止，而接替它的还没有开始监听。',
    strands: '用 {x} 关闭的服务器会让客户端一直断开：大多数客户端以为那就是最终的结束。关闭时请发送 {y}。',
    earlyReturn: '过早重连，在 {x} 之后只是多尝试一次；在 {y} 之后则会延长过载。',
    bothSides: '上游违反协议时，网关两个都说：对上游说 {x}，对没有做错什么的客户端说 {y}。',
    hiddenStatus:
      '在升级之前，{y} 的意思就是 HTTP {http}，页面看到的只有 {x}。放在 Close 里，页面就能看到码和原因。',
    unsaid: '没有发送 Close 就离开，即使本想说 {y}，留给对端的也只有 {x}。',
    diedFirst: '进程还没来得及说 {y} 就死掉，留给对端的只有 {x}。',
    noNumber: '想说 {y}，却调用了不带码的 `close()`，留给对端的只有 {x}。',
    refusedAs: '如果库拒绝 {y}（{of} 个实现中有 {refusing} 个如此），应用看到的会是 1002 或 1006。',
    hiddenTls: '浏览器从不报告 {x}：对页面来说，TLS 握手失败和其他断线一样，都是 {y}。',
  },
}
