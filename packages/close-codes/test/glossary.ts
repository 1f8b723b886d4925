// One word for one thing, in each language: what a term is called, and the words that it is not.

interface Term {
  /** At least one text has it. */
  readonly word: RegExp
  /** No text has it. */
  readonly never: RegExp
}

interface Glossary {
  /** A client connects anew after its connection has ended; or does not. */
  readonly reconnect: Term
  /** Connections are closed on purpose, spread over time. */
  readonly drain: Term
  /** The server behind a gateway. */
  readonly upstream: Term
  /** What stands between clients and servers. */
  readonly gateway: Term
  /** The opening of a WebSocket, or of TLS. */
  readonly handshake: Term
  /** How a code would be called in HTTP. */
  readonly equivalent: Term
  /** A client stays connected while its server is away. Only the tools of the site speak of it. */
  readonly hold: Term
  /** Sentences that a native engineer would not write. */
  readonly awkward: RegExp
}

const none = /(?!)/

export const glossaries: Readonly<Record<string, Glossary>> = {
  en: {
    hold: { word: /\bholds?\b/i, never: /\bparks?\b|\bparked\b/ },
    reconnect: {
      word: /\breconnects?\b/i,
      never: /\b(?:com(?:e|es|ing)|go(?:es)?) back\b|\bstay(?:s|ing)? away\b|\bclients? returns?\b/i,
    },
    drain: { word: /\bdrains\b/, never: /\bempt(?:y|ies) (?:it|its|the gateway)/ },
    upstream: { word: /\bupstream\b/, never: /\bup-stream|\borigin server\b/ },
    gateway: { word: /\bgateway\b/, never: /\bgate\b/ },
    handshake: { word: /\bhandshake\b/, never: /\bhand-shake|\bhand shake/ },
    equivalent: { word: /\bequivalent\b/, never: /\bcousins?\b/ },
    awkward:
      /\bis well\b|\bI am well\b|\bcomes? about\b|\bcame about\b|\bmay not travel\b|\bfront is alive\b|on the heels/,
  },
  fr: {
    hold: { word: /\breten/i, never: /\bgarer\b|maintenir les clients/ },
    reconnect: { word: /\breconnect/i, never: /\brev(?:en|ien|iend)\w*/i },
    drain: { word: /\bdraine/i, never: /\bse vide(?:nt)?\b|\bvide(?:nt)? ses\b|\bvider la\b/i },
    upstream: { word: /serveurs? en amont/, never: /serveur amont|\bupstream\b/ },
    gateway: { word: /passerelle/, never: /\bgateway\b/ },
    handshake: { word: /handshake/, never: /poignées? de main/ },
    equivalent: { word: /équivalent/i, never: /pendant (?:HTTP|gRPC|de HTTP)|de pendant/i },
    awkward:
      /Comment résoudre|Quand vous le voyez|façade|ne se vérifie pas|racontent|étalés dans le temps|disent \d|battements? de cœur|faites dire/,
  },
  de: {
    hold: { word: /\bhalten\b/, never: /\bparken\b|festhalten/ },
    reconnect: {
      word: /neu (?:zu )?verb(?:ind|und)/i,
      never:
        /zurück(?:zu)?k(?:omm|ehr)|wieder(?:zu)?komm|komm\w*\b[^.;:]* (?:zurück|wieder)\b|wegbleib|bleib\w*\b[^.;:]* weg\b|Rückkehr/i,
    },
    drain: {
      word: /geordnet abbaut/,
      never: /\bleer(?:t|en) sich|sich leert|Sockets leert|Gateway leeren|drainier/,
    },
    upstream: { word: /Upstream/, never: /vorgelagert|stromaufwärts/ },
    gateway: { word: /Gateway/, never: /Netzübergang/ },
    handshake: { word: /Handshake/, never: /Handschlag|Händeschütteln/ },
    equivalent: { word: /Pendant/, never: /Cousin|Vetter/ },
    awkward:
      /Sie sich beenden|wirft diesen Client ab|Verkleinerung|\bhält an\b|am Rand des|nicht genannt|selten zu machen|entpack|Tritt es|draußen stehen|erzählen beide|Vorderseite lebt/,
  },
  es: {
    hold: { word: /\breten/i, never: /aparcar|mantener a los clientes/ },
    reconnect: { word: /reconect/i, never: /\bv(?:olv|uelv)\w*/i },
    drain: { word: /\bdrena/i, never: /se vacía|vacía sus|vaciar/i },
    upstream: { word: /upstream/, never: /servidor de origen/ },
    gateway: { word: /gateway/, never: /pasarela|puerta de enlace/ },
    handshake: { word: /handshake/, never: /apretón|saludo inicial/ },
    equivalent: { word: /equivalente/i, never: /primo de/ },
    awkward:
      /fachada|segundo o así|minuto o así|se desprende|pisándole|en la calle|Descarga de peso|la de por defecto/,
  },
  pt: {
    hold: { word: /segurar/i, never: /estacionar|reter os clientes/ },
    reconnect: { word: /reconect/i, never: /\bvolt(?:a|am|ar|e|em)\b(?<!à sua volta)/i },
    drain: { word: /\bdrena/i, never: /esvazi/i },
    upstream: { word: /upstream/, never: /servidor de origem/ },
    gateway: { word: /gateway/, never: /porta de enlace|ponte de rede/ },
    handshake: { word: /handshake/, never: /aperto de mão/ },
    equivalent: { word: /equivalente/i, never: /primo do/ },
    awkward: /fachada|deixa os clientes na mão|contam um só|Alívio de carga|retratos de estado/,
  },
  ja: {
    hold: { word: /保持/, never: /ホールドする|パーク/ },
    reconnect: { word: /再接続/, never: /戻(?:る|って|り)/ },
    drain: { word: /ドレイン/, never: /空にする|排出/ },
    upstream: { word: /アップストリーム/, never: /上流/ },
    gateway: { word: /ゲートウェイ/, never: /ゲートウエイ/ },
    handshake: { word: /ハンドシェイク/, never: /握手/ },
    equivalent: { word: /HTTP/, never: none },
    awkward: /前面は生きて|いなくな|負荷の切り離し|締め出して/,
  },
  zh: {
    hold: { word: /保持/, never: /搁置|滞留/ },
    reconnect: { word: /重连/, never: /回来|再连接|再来/ },
    drain: { word: /排空/, never: /清空|放空/ },
    upstream: { word: /上游/, never: /上级服务器/ },
    gateway: { word: /网关/, never: /闸道/ },
    handshake: { word: /握手/, never: /交握/ },
    equivalent: { word: /对应的 HTTP/, never: none },
    awkward: /甩掉|晾在外面|前端活着|卸载负荷|换个地方/,
  },
}

export const terms = ['reconnect', 'drain', 'upstream', 'gateway', 'handshake', 'equivalent'] as const

/** Where a text has another word for a term than its language's glossary, or a sentence that nobody would write. */
export function strayWords(tag: string, texts: readonly [path: string, text: string][]): string[] {
  const glossary = glossaries[tag]!
  const faults = [
    ['hold', glossary.hold.never] as const,

    ...terms.map((term) => [term, glossary[term].never] as const),
    ['awkward', glossary.awkward] as const,
  ]
  return texts.flatMap(([path, text]) =>
    faults.flatMap(([term, never]) => {
      const [found] = never.exec(text) ?? []
      return found === undefined ? [] : [`${tag} ${path}: "${found}" (${term})`]
    }),
  )
}
