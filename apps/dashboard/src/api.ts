// What the page can ask the gateway to do.

/** An answer, or what went wrong in words with the lines that belong to it. */
export type Answer<T> =
  | { ok: true; value: T }
  | { ok: false; status: number; message: string; problems: string[] }

interface ErrorBody {
  error?: { message?: string; problems?: string[] }
}

export async function post<T>(path: string, body: object = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const value: unknown = await response.json().catch(() => ({}))
    if (response.ok) return { ok: true, value: value as T }
    const { error } = value as ErrorBody
    const message = error?.message ?? `the gateway answered with status ${response.status}`
    return { ok: false, status: response.status, message, problems: error?.problems ?? [] }
  } catch {
    return {
      ok: false,
      status: 0,
      message: 'no answer came: the connection to the gateway broke off',
      problems: [],
    }
  }
}
