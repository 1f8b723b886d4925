/** Milliseconds as people read them: `350 ms`, `2.1 s`, `70 s`. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const tenths = Math.round(ms / 100) / 10
  return `${tenths < 10 ? tenths : Math.round(tenths)} s`
}

/** Bytes as people read them: `300 bytes`, `65 KiB`. */
export function kibibytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`
}
