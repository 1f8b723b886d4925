import { ConnectionStatus, useWebSocket } from '@holdfast/client/react'
import { useState } from 'react'

export function Chat({ room }: { room: string }) {
  const [said, setSaid] = useState<string[]>([])
  const connection = useWebSocket(`ws://127.0.0.1:8080/chat/${room}`, {
    onMessage: ({ data }) => setSaid((before) => [...before, String(data)]),
  })
  const say = (form: FormData) => connection.send(String(form.get('words')))
  return (
    <main>
      <ConnectionStatus connection={connection} texts={{ closed: 'closed: reload the page, please' }} />
      <ol>
        {said.map((words, index) => (
          <li key={index}>{words}</li>
        ))}
      </ol>
      <form action={say}>
        <input name="words" aria-label="message" />
        <button type="submit">Send</button>
      </form>
    </main>
  )
}
