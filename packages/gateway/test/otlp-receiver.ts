import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Changes, waitLimitMs } from '@holdfast/testing'

/** A span as it came, its attributes as one object. */
export interface ReceivedSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  attributes: Record<string, unknown>
  status: { code?: number; message?: string }
  resource: Record<string, unknown>
}

type Value = { stringValue?: string; intValue?: number | string; boolValue?: boolean }
type Attributes = { key: string; value: Value }[]

/** Takes traces as OTLP over HTTP in JSON, as a collector does. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = []
  readonly requests: string[] = []
  readonly #changes = new Changes()
  readonly #server: http.Server

  private constructor(answer: number | 'nothing') {
    this.#server = http.createServer(async (request, response) => {
      this.requests.push(`${request.method} ${request.url}`)
      const chunks: Buffer[] | undefined = await request.toArray().catch(() => undefined)
      // Of a gateway that ended while it sent.
      if (!chunks) return
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      if (answer === 200) this.spans.push(...spansOf(body))
      if (answer !== 'nothing') response.writeHead(answer, { 'content-type': 'application/json' }).end('{}')
      this.#changes.notify()
    })
  }

  /** `answer`: the status that it gives, or nothing at all. */
  static async start({ answer = 200 }: { answer?: number | 'nothing' } = {}): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(answer)
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when that many spans have come. */
  async count(spans: number, limit = waitLimitMs): Promise<ReceivedSpan[]> {
    const detail = () => this.spans.map(({ name }) => name)
    await this.#changes.until(`${spans} spans`, () => this.spans.length >= spans, { limit, detail })
    return this.spans
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

interface Body {
  resourceSpans: {
    resource: { attributes: Attributes }
    scopeSpans: { spans: (Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes: Attributes })[] }[]
  }[]
}

function spansOf({ resourceSpans }: Body): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: flat(span.attributes),
        resource: flat(resource.attributes),
      })),
    ),
  )
}

function flat(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? boolValue : Number(intValue)),
    ]),
  )
}
