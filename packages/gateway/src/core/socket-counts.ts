// What workers say about sockets that became no connection, added up.
import type { SocketCounts } from './snapshot.ts'

export function noneRefused(): SocketCounts['refused'] {
  return { pending: 0, descriptors: 0, 'dial-descriptors': 0 }
}

export function addRefused(a: SocketCounts['refused'], b: SocketCounts['refused']): SocketCounts['refused'] {
  return {
    pending: a.pending + b.pending,
    descriptors: a.descriptors + b.descriptors,
    'dial-descriptors': a['dial-descriptors'] + b['dial-descriptors'],
  }
}
