import type { FindingText } from '../../finding-text.ts'
import type { probeFindings } from '../../findings-probe.ts'
import { probeConnection } from './probe-connection.ts'
import { probeHandshake } from './probe-handshake.ts'
import { probeWebSocket } from './probe-websocket.ts'

/** The words of what live probes find. */
export const probe: Readonly<Record<keyof typeof probeFindings, FindingText>> = {
  ...probeConnection,
  ...probeHandshake,
  ...probeWebSocket,
}
