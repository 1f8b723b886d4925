import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Chat } from './Chat.tsx'

createRoot(document.querySelector('#chat')!).render(
  <StrictMode>
    <Chat room="lobby" />
  </StrictMode>,
)
