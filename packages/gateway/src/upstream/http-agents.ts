// Connections that wait for the next plain HTTP request.
import http from 'node:http'
import https from 'node:https'

/** Milliseconds that a connection waits for the next request at most. */
const idleTimeoutMs = 15_000

/** How many connections to one server there may be, and how many of them may wait. */
type Most = Pick<http.AgentOptions, 'maxSockets' | 'maxFreeSockets'>

/** They keep no process alive. */
export function keepAliveAgents(most: Most): { http: http.Agent; https: https.Agent } {
  const options = { keepAlive: true, timeout: idleTimeoutMs, ...most }
  return { http: guarded(new http.Agent(options)), https: guarded(new https.Agent(options)) }
}

/**
 * What an upstream sends while nobody has asked would be taken for the answer to the next request: such a connection is
 * ended. RFC 9112 9.2: "If an HTTP client receives data on a connection that does not have any outstanding requests, the
 * client MUST NOT consider that data to be a valid response; the client SHOULD close the connection".
 */
function guarded<Agent extends http.Agent>(agent: Agent): Agent {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  const ends = new WeakMap<object, () => void>()
  agent.keepSocketAlive = (socket) => {
    const end = () => socket.destroy()
    ends.set(socket, end)
    socket.on('data', end).resume()
    return keep(socket)
  }
  agent.reuseSocket = (socket, request) => {
    const end = ends.get(socket)
    if (end) socket.off('data', end)
    reuse(socket, request)
  }
  return agent
}
