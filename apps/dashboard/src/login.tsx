import { useState } from 'preact/hooks'
import { post } from './api.ts'
import { t } from './translate.ts'

export function Login({ onDone }: { onDone: () => void }) {
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const token = String(new FormData(form).get('token'))
    setBusy(true)
    const answer = await post('/api/login', { token })
    setBusy(false)
    if (answer.ok) {
      form.reset()
      onDone()
    } else {
      setError(answer.message)
    }
  }
  return (
    <main class="login">
      <h1>Holdfast</h1>
      <form method="post" onSubmit={submit}>
        <label for="token">{t('Admin token')}</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="wrong"
          aria-invalid={error !== ''}
        />
        <p id="wrong" class="error" role="alert">
          {error}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {t('Log in')}
        </button>
      </form>
      <p class="note">
        {t(
          "The token is admin.token of the gateway's configuration. This browser stays logged in for twelve hours.",
        )}
      </p>
    </main>
  )
}
