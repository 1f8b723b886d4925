// A page of React that a test drives, rendered on a server first: `drive` is for the test, what it shows is in the document.
import { ConnectionStatus, useWebSocket, type WebSocketHandle } from '@holdfast/client/react'
import { StrictMode, useEffect, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'

export interface Drive {
  connection: WebSocketHandle
  /** Messages, each with the name that its callback had when it came. */
  readonly messages: string[]
  readonly errors: string[]
  set(props: Partial<Props>): void
}

interface Props {
  url: string | null
  name: string
  shown: boolean
  texts?: { closed: string }
}

function Socket({ url, name, texts, onDrive }: Props & { onDrive(connection: WebSocketHandle): void }) {
  const connection = useWebSocket(url, {
    onMessage: ({ data }) => drive.messages.push(`${name}: ${data}`),
    retry: ({ code }) => (code === 4401 ? null : undefined),
  })
  // Children's effects run before those of their parents: what is sent here is sent before anything is connected.
  useEffect(() => {
    onDrive(connection)
  })
  return <ConnectionStatus connection={connection} texts={texts} id="status" className="mine" />
}

function App({ first }: { first: Props }) {
  const [props, setProps] = useState(first)
  useEffect(() => {
    drive.set = (more) => setProps((before) => ({ ...before, ...more }))
  }, [])
  return props.shown ? (
    <Socket {...props} onDrive={(connection) => Object.assign(drive, { connection })} />
  ) : null
}

const drive = { messages: [], errors: [] } as unknown as Drive

export function renderOnServer(first: Props): string {
  return renderToString(<App first={first} />)
}

export function hydrate(first: Props): Drive {
  const onError = (error: unknown) => drive.errors.push(String(error))
  hydrateRoot(
    document.querySelector('#app')!,
    <StrictMode>
      <App first={first} />
    </StrictMode>,
    { onUncaughtError: onError, onRecoverableError: onError },
  )
  return drive
}
