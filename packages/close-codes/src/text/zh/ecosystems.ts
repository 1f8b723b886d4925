import type { EcosystemTexts, InsteadTexts } from '../language.ts'

export const ecosystems: EcosystemTexts = {
  'graphql-ws': {
    rule: '除 1000、1001、1005、1006 和 1012-1014 之外，其他 1xxx 的码都是最终的。客户端等待 2^n 秒加 0.3–3 秒，共五次。',
    codes: {
      4400: '不属于该协议的消息',
      4401: '连接确认之前就发起了操作；与凭据无关',
      4403: '服务器拒绝连接；以后可能放行',
      4406: '没有共同的子协议',
      4408: '`connection_init` 没有及时到来',
      4409: '操作 id 已被占用',
      4429: '`connection_init` 来了两次',
      4500: '服务器抛出了异常',
      4004: '客户端收到了无效的消息',
      4005: '客户端抛出了异常',
      4504: '确认没有及时到来',
      4499: '由客户端自己通过 `client.terminate()` 产生',
    },
  },
  discord: {
    note: '用 1000 或 1001 关闭的客户端会结束会话；用其他任何码关闭都可以恢复。',
    codes: {
      4000: '尝试重连',
      4001: '操作码或载荷无效',
      4002: '载荷无效',
      4003: '在 identify 之前发送了载荷，或者会话已经失效',
      4004: '令牌错误',
      4005: '重复 identify',
      4007: '恢复时序号错误；请开始新会话',
      4008: '载荷太多',
      4009: '请开始新会话',
      4014: '未启用或未获批准',
    },
  },
  'discord-voice': {
    note: 'Lavalink 原样传递这些码，自己没有码。',
    codes: {
      4014: '被踢出，或者主会话断开',
      4015: '尝试恢复',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099：不作改变就不要重连。4100-4199：等一秒以上再重连。4200-4299：立刻重连。',
    note: '4301 和 4302 出现在错误事件里，而不是 Close 里。',
    codes: {
      4000: '改用 `wss://` 重连',
      4100: '等一秒以上',
      4202: '24 小时没有活动，客户端也没有 ping',
    },
  },
  centrifuge: {
    rule: '3000-3499 和 4000-4499：重连，退避 0.5–20 秒。3500-3999、4500-4999 和 1009：不再重连。',
    codes: {
      3000: '服务器没有给出建议；注册表里这是 Unauthorized',
      3001: '节点正在关闭',
      3008: '客户端读取太慢；注册表里这是 Timeout',
      3502: '没有及时认证',
    },
  },
  twitch: {
    codes: {
      4000: '类似 HTTP 500',
      4001: '只允许发送 pong',
      4003: '10 秒内没有订阅任何东西',
      4004: '`session_reconnect` 之后 30 秒',
      4005: '会自行恢复',
      4006: '会自行恢复',
      4007: '重连 URL 无效；请用默认的',
    },
  },
  obs: {
    codes: {
      4009: '换一个密码重连',
      4011: '被 OBS 的用户踢出；客户端不得自行重连',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: '所有致命错误共用一个码；是哪一种看原因：NOT_FOUND、FORBIDDEN、NOT_AUTHENTICATED、UNKNOWN_ERROR、CLIENT_TOO_OLD、SERVER_TOO_OLD、INVALID_RECORD、RATE_LIMITED、ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: '客户端主动离开',
    },
  },
  socketcluster: {
    rule: '4000、4001 和 1005：立刻重连。1000 以及 4500 及以上：不再重连。其余：10–20 秒后重连。',
  },
  sockjs: {
    note: '由 SockJS 自己的帧（`c[...]`）承载；不一定是真正的关闭码。',
    codes: {
      3000: '会话已关闭；注册表里这是 Unauthorized',
    },
  },
  websocketpp: {
    codes: {
      3000: '注册表里这是 Unauthorized',
    },
  },
  spring: {
    note: '同一个号码在 graphql-ws 里是别的意思。',
    codes: {
      4500: '消息没能在限制之内发出',
    },
  },
  openai: {
    note: '观察于 2024 年 10 月。',
    codes: {
      3000: '密钥错误；与注册的含义相符',
    },
  },
  gemini: {
    note: '把已注册的码用作应用错误；真正的缘由写在原因里。',
    codes: {
      1007: '参数无效，或者 API 密钥过期',
      1008: '未知的实体或模型',
      1011: '内部错误，或者配额',
    },
  },
  aws: {
    note: '1013 和 1014 不在它的列表里。',
    codes: {
      1001: '空闲 10 分钟，或者连接已满 2 小时',
      1003: '不支持二进制消息',
      1005: '客户端关闭时没有带码',
      1006: '连接结束时没有 Close',
      1008: '同一客户端的请求太多',
      1009: '消息超过上限',
      1011: '服务出现故障',
      1012: '服务重启',
    },
  },
  pandascore: {
    note: '4000 加缩写的 HTTP 状态的一个例子。',
    codes: {
      4001: '没有令牌',
      4003: '不在套餐内',
      4029: '每场比赛三个',
    },
  },
  fluxer: {
    note: '其余的码与 Discord Gateway 的 4000-4012 相同。',
  },
  'fastify-http-proxy': {
    note: '对不能传送的 1004、1005 和 1006 加上 3000。见于 11.6.3；它没有自己的客户端。',
    codes: {
      4005: '上游关闭时未带码',
      4006: '与上游的连接丢失',
    },
  },
}

export const withoutOwnCodes: InsteadTexts = {
  slack: '一条 `disconnect` 消息，原因是 warning、refresh_requested、link_disabled 或 too_many_websockets',
  binance: '一个 `serverShutdown` 事件；最多 24 小时；一分钟内要有 pong',
  homeAssistant: '一条 `auth_invalid` 消息；客户端每次多等一秒，最多五秒',
  yWebsocket: '忽略关闭码；等待 100 ms * 2^n，最多 2.5 秒',
  socketIo: '关闭时不带码，所以对端报告 1005；使用自己的原因字符串',
  appSync: '`connection_error` 消息；带抖动的指数退避',
}
