import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdCalls } from '../src/adapters/held-calls.ts'

class App {
  readonly called: string[] = []

  async close(how = 'itself'): Promise<string> {
    this.called.push(`close by ${how}`)
    return how
  }

  async prepare(): Promise<void> {
    this.called.push('prepare')
  }
}

const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve, false))])

describe('held calls', () => {
  it('are made in run, and return after release; then the object is as it was', async () => {
    const app = new App()
    const held = holdCalls(app, ['close', 'prepare', 'missing'])
    const [a, b] = [app.close('a handler'), app.prepare()]
    expect(await settled(a)).toBe(false)
    expect(app.called).toEqual([])
    await held.run()
    expect(app.called).toEqual(['close by a handler', 'prepare'])
    expect(await settled(a)).toBe(false)
    held.release()
    expect(await Promise.all([a, b])).toEqual(['a handler', undefined])
    expect(Object.keys(app)).toEqual(['called'])
  })

  it('of which there are none: the first method is called by itself', async () => {
    const app = new App()
    const held = holdCalls(app, ['close', 'prepare'])
    await held.run()
    held.release()
    expect(app.called).toEqual(['close by itself'])
  })

  it('fail for their callers, and for run', async () => {
    const app = Object.assign(new App(), { close: () => Promise.reject(new Error('no')) })
    const { close } = app
    const held = holdCalls(app, ['close'])
    const call = app.close()
    await expect(held.run()).rejects.toThrow('no')
    held.release()
    await expect(call).rejects.toThrow('no')
    expect(app.close).toBe(close)
  })

  it('work through a Proxy that passes over what is assigned, as that of NestJS', async () => {
    const target = new App()
    const app = new Proxy(target, { set: () => true })
    const held = holdCalls(app, ['close'])
    const call = target.close('the framework')
    expect(target.called).toEqual([])
    await held.run()
    held.release()
    expect(await call).toBe('the framework')
  })

  it('are each made once, in order, whenever they come and whether run comes or not', async () => {
    const step = fc.constantFrom('close', 'prepare', 'run', 'release')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const app = new App()
        const held = holdCalls(app, ['close', 'prepare'])
        const calls: Promise<unknown>[] = []
        for (const each of steps) {
          if (each === 'run') await held.run()
          else if (each === 'release') held.release()
          else calls.push(app[each]())
        }
        held.release()
        await Promise.all(calls)
        const asked = steps.filter((each) => each === 'close' || each === 'prepare')
        const made = app.called.map((each) => each.split(' ')[0])
        const byItself = steps.includes('run') && !['close', 'prepare'].includes(steps[0] ?? '')
        expect(made.length - asked.length).toBeOneOf(byItself ? [0, 1] : [0])
      }),
    )
  })
})
