/** The reason of a Close with which a gateway refuses a client in band: these words, that nothing was sent on, and a delay. */
export function refusalReason(words: string): RegExp {
  return new RegExp(`^${words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}; sent=0; retry=\\d+$`)
}
