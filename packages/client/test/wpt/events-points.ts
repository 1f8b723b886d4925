// What web-platform-tests ask of event handler attributes and events. Runs in every runtime.
import { equal, event, truthy } from './assert.ts'
import { names, on, pointList } from './point.ts'

const { points, point } = pointList()
export const eventsPoints = points

for (const name of names) {
  point('interfaces/WebSocket/events/001, 006', `has on${name}, null at first`, (make) => {
    const socket = make()
    truthy(`on${name}` in socket)
    equal(on(socket)[`on${name}`], null)
    socket.close()
  })
  point('interfaces/WebSocket/events/002-004', `cannot delete on${name}, and sets it`, (make) => {
    const socket = make()
    const handler = () => {}
    on(socket)[`on${name}`] = handler
    delete on(socket)[`on${name}`]
    equal(on(socket)[`on${name}`], handler)
    socket.close()
  })
  point(
    'eventhandlers.any.js, interfaces/WebSocket/events/007-012',
    `makes null of what is no object in on${name}`,
    (make) => {
      const socket = make()
      for (const value of [null, undefined, 2, ';', Symbol('x')]) {
        on(socket)[`on${name}`] = () => {}
        on(socket)[`on${name}`] = value
        equal(on(socket)[`on${name}`], null)
      }
      socket.close()
    },
  )
  point(
    'interfaces/WebSocket/events/013',
    `keeps an object in on${name} and never calls its handleEvent`,
    (make) => {
      const socket = make()
      const handler = { handleEvent: () => truthy(false) }
      on(socket)[`on${name}`] = handler
      equal(on(socket)[`on${name}`], handler)
      socket.dispatchEvent(new Event(name))
      socket.close()
    },
  )
  point(
    'interfaces/WebSocket/events/014, 015, 017',
    `calls on${name} for an event that a script dispatches, with this`,
    (make) => {
      const socket = make()
      const seen: unknown[] = []
      on(socket)[`on${name}`] = function (this: unknown, one: Event) {
        seen.push(this, one.type, one.target)
      }
      socket.dispatchEvent(new Event(name))
      truthy(seen.length === 3 && seen[0] === socket && seen[1] === name && seen[2] === socket)
      socket.close()
    },
  )
  point('interfaces/WebSocket/events/019', `does not call a removed listener of ${name}`, (make) => {
    const socket = make()
    let calls = 0
    const listener = () => calls++
    socket.addEventListener(name, listener)
    socket.removeEventListener(name, listener)
    socket.dispatchEvent(new Event(name))
    equal(calls, 0)
    socket.close()
  })
}
point(
  'interfaces/WebSocket/events/016',
  'calls listeners and handlers in the order in which they came',
  async (make) => {
    const socket = make()
    const calls: string[] = []
    for (const name of names) {
      socket.addEventListener(name, () => calls.push(`${name} 1`))
      on(socket)[`on${name}`] = () => calls.push('replaced')
      socket.addEventListener(name, () => calls.push(`${name} 3`))
      // The place is that of the first assignment.
      on(socket)[`on${name}`] = () => calls.push(`${name} 2`)
    }
    await event(socket, 'open')
    socket.send('Goodbye')
    await event(socket, 'message')
    socket.close()
    await event(socket, 'close')
    equal(calls.join(), 'open 1,open 2,open 3,message 1,message 2,message 3,close 1,close 2,close 3')
  },
)
point('HTML, deactivate an event handler', 'gives a handler a new place after null', (make) => {
  const socket = make()
  const calls: number[] = []
  socket.onopen = () => calls.push(0)
  socket.addEventListener('open', () => calls.push(1))
  socket.onopen = null
  socket.onopen = () => calls.push(2)
  socket.dispatchEvent(new Event('open'))
  equal(calls.join(), '1,2')
  socket.close()
})
point(
  'interfaces/WebSocket/events/018',
  'dispatches events that neither bubble nor can be cancelled',
  async (make, { breaks }) => {
    const socket = make(breaks)
    const seen: Event[] = []
    for (const name of names) socket.addEventListener(name, (one: Event) => seen.push(one))
    await event(socket, 'open')
    socket.send('go')
    await event(socket, 'close')
    equal(seen.map(({ type }) => type).join(), 'open,message,error,close')
    for (const one of seen)
      truthy(one instanceof Event && !one.bubbles && !one.cancelable && one.target === socket)
    // Node 20 has no CloseEvent.
    const { CloseEvent = Event } = globalThis as unknown as { CloseEvent?: typeof Event }
    const classes = [Event, MessageEvent, Event, CloseEvent]
    for (const [i, one] of seen.entries()) truthy(one instanceof classes[i]!)
  },
)
point(
  'interfaces/WebSocket/events/020',
  'dispatches an error that is an Event',
  async (make, { refused }) => {
    const error = await event(make(refused), 'error')
    truthy(error instanceof Event)
  },
)
point('DOM, EventTarget: once', 'calls a listener with once a single time', (make) => {
  const socket = make()
  let calls = 0
  socket.addEventListener('open', () => calls++, { once: true })
  socket.dispatchEvent(new Event('open'))
  socket.dispatchEvent(new Event('open'))
  equal(calls, 1)
  socket.close()
})
point('DOM, EventTarget: signal', 'drops a listener when its signal is aborted', (make) => {
  const socket = make()
  const controller = new AbortController()
  let calls = 0
  socket.addEventListener('open', () => calls++, { signal: controller.signal })
  controller.abort()
  socket.dispatchEvent(new Event('open'))
  equal(calls, 0)
  socket.close()
})
point(
  'DOM, EventTarget: capture',
  'takes one listener twice when capture differs, and tells them apart',
  (make) => {
    const socket = make()
    let calls = 0
    const listener = () => calls++
    socket.addEventListener('open', listener, { capture: true })
    socket.addEventListener('open', listener)
    socket.addEventListener('open', listener)
    socket.dispatchEvent(new Event('open'))
    equal(calls, 2)
    socket.removeEventListener('open', listener, true)
    socket.dispatchEvent(new Event('open'))
    equal(calls, 3)
    socket.close()
  },
)
point('DOM, EventTarget: handleEvent', 'calls handleEvent of a listener object', (make) => {
  const socket = make()
  let calls = 0
  socket.addEventListener('open', { handleEvent: () => calls++ })
  socket.dispatchEvent(new Event('open'))
  equal(calls, 1)
  socket.close()
})
point('HTML, MessageEvent', 'gives a message its origin', async (make, { echo }) => {
  const socket = make()
  await event(socket, 'open')
  socket.send('x')
  const { origin } = await event(socket, 'message')
  equal(origin, echo)
  socket.close()
})
