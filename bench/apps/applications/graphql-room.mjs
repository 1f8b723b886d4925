// What the GraphQL applications have in common: a room as a schema, and its documents. No application by itself.
import EventEmitter, { on } from 'node:events'

export const said = 'subscription Said { said }'
export const say = 'mutation Say($text: String!) { say(text: $text) }'
export const definitions = `
  type Query { nothing: String }
  type Mutation { say(text: String!): Boolean }
  type Subscription { said: String }
`

const room = new EventEmitter().setMaxListeners(0)

/** Listens at once, and not only when it is first asked for a value. */
function listen() {
  const source = on(room, 'said')
  return (async function* () {
    for await (const [text] of source) yield { said: text }
  })()
}

export const resolvers = {
  Mutation: { say: (_, { text }) => room.emit('said', text) },
  Subscription: { said: { subscribe: listen } },
}

/** The same for schemas without resolvers. */
export const roots = {
  mutation: { say: ({ text }) => room.emit('said', text) },
  subscription: { said: listen },
}

/** A room over a client of graphql-ws. */
export function join(client, { heard, told }) {
  for (const event of ['opened', 'closed', 'error']) {
    client.on(event, (about) =>
      told(event === 'opened' ? 'open' : `${event} ${about?.code ?? about?.message ?? ''}`),
    )
  }
  client.subscribe(
    { query: said },
    {
      next: ({ data, errors }) => (errors ? told(errors[0].message) : heard(data.said)),
      error: (error) => told(`subscription error ${error?.reason ?? error?.message ?? error}`),
      complete: () => told('subscription complete'),
    },
  )
  return {
    // graphql-ws has no word for "subscribed"; a mutation that is answered comes behind it.
    ready: new Promise((resolve) => client.on('connected', () => setTimeout(resolve, 100))),
    say: (text) =>
      new Promise((resolve, reject) => {
        const next = ({ errors }) => errors && reject(new Error(errors[0].message))
        client.subscribe({ query: say, variables: { text } }, { next, error: reject, complete: resolve })
      }),
    leave: () => client.dispose(),
  }
}
