export const library = 'autobahn'

export function serve(say) {
  return (data) => String(data).startsWith('[1,') && say([2, 1, { roles: { broker: {}, dealer: {} } }])
}

export async function connect({ load, url, served, gaveUp }) {
  const { default: autobahn } = await load('autobahn')
  const connection = new autobahn.Connection({ url, realm: 'realm' })
  connection.onopen = served
  connection.onclose = (_reason, { will_retry }) => {
    if (!will_retry) gaveUp()
    return false
  }
  connection.open()
  return (text) => connection.session.publish('room', [text])
}
