// A process that runs a gateway for startGateway on another runtime. It reads the options and then calls, one
// JSON per line, and writes the results likewise.
import { createInterface } from 'node:readline'
import { type GatewayInProcess, gatewayInProcess } from './gateway-in-process.ts'

const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`)

let running: GatewayInProcess | undefined

async function serve(line: string): Promise<void> {
  if (!running) {
    running = await gatewayInProcess(JSON.parse(line), {}, (text) => process.stderr.write(`${text}\n`))
    running.gateway.on((event) => say({ event }))
    say({ ports: running.ports })
    return
  }
  const { id, method, args } = JSON.parse(line)
  const { gateway } = running as unknown as { gateway: Record<string, (...args: unknown[]) => unknown> }
  try {
    say({ id, result: await gateway[method]!(...args) })
  } catch (error) {
    say({ id, error: String(error) })
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => void serve(line))
  .on('close', () => process.exit(0))
