// The generator's process, and calls to the functions in it.
import { fileURLToPath } from 'node:url'
import { start } from './children.mjs'

const generator = fileURLToPath(new URL('generator.mjs', import.meta.url))

/** Starts it on core 0. `ask(call, args)` is what the function of that name in it returns. */
export function startGenerator(script = generator) {
  const child = start('0', [process.execPath, '--max-semi-space-size=32', script], { ipc: true })
  const waiting = new Map()
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error) reject(new Error(error))
    else resolve(value)
  })
  child.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error(`the generator ended: ${child.said}`))
  })
  let last = 0
  const ask = (call, args, limit = 60_000) =>
    new Promise((resolve, reject) => {
      const id = ++last
      const timer = setTimeout(
        () => settle(reject)(new Error(`${call} took longer than ${limit / 1000} s`)),
        limit,
      )
      const settle = (done) => (result) => {
        clearTimeout(timer)
        done(result)
      }
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
      child.send({ id, call, args })
    })
  return { ask, child }
}
