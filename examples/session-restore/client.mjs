// Joins the room and says a number every second. It knows nothing of restarts.
import { WebSocket } from 'ws'

const [name = 'ann', url = 'ws://127.0.0.1:8080'] = process.argv.slice(2)
const socket = new WebSocket(url)
let next = 1
socket.on('open', () => {
  socket.send(JSON.stringify({ join: 'lobby', name }))
  setInterval(() => socket.send(JSON.stringify({ say: `${next++}` })), 1000)
})
socket.on('message', (data) => console.log(String(data)))
socket.on('error', (error) => console.log(error.message))
socket.on('close', (code, reason) => {
  console.log('closed', code, String(reason))
  process.exit()
})
