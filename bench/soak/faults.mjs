// What happens to the gateway and around it. Each resolves when it is over, and rejects when the gateway did not bear it.
import { setTimeout as after } from 'node:timers/promises'

const shortly = ({ random }) => 300 + 2_200 * random()

/** Stops a process for a while, as a debugger, a full machine or a snapshot of it does. */
async function pause(pid, ms) {
  process.kill(pid, 'SIGSTOP')
  try {
    await after(ms)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

const one = (things, random) => Math.floor(random() * things.length)

export const faults = {
  async backendEnds(scene) {
    await scene.replaceBackend(one(scene.backends, scene.random), 'SIGTERM')
  },
  async backendKilled(scene) {
    await scene.replaceBackend(one(scene.backends, scene.random), 'SIGKILL')
  },
  async backendStopped(scene) {
    const { pid } = scene.backends[one(scene.backends, scene.random)]
    await pause(pid, shortly(scene))
  },
  async workerStopped(scene) {
    const { workers } = await scene.gateway.state()
    const { pid } = workers[one(workers, scene.random)]
    await pause(pid, shortly(scene))
  },
  async supervisorStopped(scene) {
    await pause(scene.gateway.child.pid, shortly(scene))
  },
  async diskFull(scene) {
    const free = scene.gateway.fillDisk()
    await after(shortly(scene))
    free?.()
  },
  async looks(scene) {
    await Promise.all(Array.from({ length: 20 }, () => scene.gateway.metrics()))
  },
  async reload(scene) {
    const { status, body } = await scene.gateway.reload()
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  },
  async upgrade(scene) {
    const { status, body } = await scene.gateway.upgrade()
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  },
}
