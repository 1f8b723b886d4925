/** A document: its title and where to read it. */
export interface Reference {
  /** Its title, with the section; the same in every language. */
  readonly title: string
  /** Where to read it. */
  readonly url: string
}

export const rfc6455: Reference = {
  title: 'RFC 6455 §7.4.1, Defined Status Codes',
  url: 'https://www.rfc-editor.org/rfc/rfc6455.html#section-7.4.1',
}

export const rfc6455Recovering: Reference = {
  title: 'RFC 6455 §7.2.3, Recovering from Abnormal Closure',
  url: 'https://www.rfc-editor.org/rfc/rfc6455.html#section-7.2.3',
}

export const rfc6455Ranges: Reference = {
  title: 'RFC 6455 §7.4.2, Reserved Status Code Ranges',
  url: 'https://www.rfc-editor.org/rfc/rfc6455.html#section-7.4.2',
}

export const erratum3227: Reference = {
  title: 'RFC 6455 §7.4.1, erratum 3227',
  url: 'https://www.rfc-editor.org/errata/eid3227',
}

export const registry: Reference = {
  title: 'IANA WebSocket Close Code Number Registry',
  url: 'https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number',
}

/** The post that the registry cites for 1012 and 1013. */
export const hybi9670: Reference = {
  title: 'IETF hybi, msg09670',
  url: 'https://mailarchive.ietf.org/arch/msg/hybi/P_1vbD9uyHl63nbIIbFxKMfSwcM/',
}

/** The post that the registry cites for 1014. */
export const hybi10748: Reference = {
  title: 'IETF hybi, msg10748',
  url: 'https://mailarchive.ietf.org/arch/msg/hybi/VOLI2xp4tzFnIFYespe6oOtpFXA/',
}

export const whatwg: Reference = {
  title: 'WHATWG WebSockets Standard',
  url: 'https://websockets.spec.whatwg.org/',
}

export const mdn: Reference = {
  title: 'MDN, CloseEvent.code',
  url: 'https://developer.mozilla.org/en-US/docs/Web/API/CloseEvent/code',
}

export const awsApiGateway: Reference = {
  title: 'AWS API Gateway, WebSocket APIs',
  url: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html',
}
