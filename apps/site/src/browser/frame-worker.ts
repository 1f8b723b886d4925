// Reads away from the page, so that no capture, however hostile, makes it stand still.
import { readFile, readText } from '../frame/read.ts'
import type { Result } from '../frame/result.ts'

/** What the page gives: what was pasted, or what was dropped. */
export type Question = { readonly text: string } | { readonly file: Blob }

const here = globalThis as unknown as {
  onmessage: (event: MessageEvent<Question>) => void
  postMessage(result: Result): void
}

here.onmessage = async ({ data }) => {
  here.postMessage(
    'text' in data ? readText(data.text) : readFile(new Uint8Array(await data.file.arrayBuffer())),
  )
}
