import type { DashboardFrame } from './frame.ts'
import { t } from './translate.ts'
import { duration } from './words.ts'

type Trouble = NonNullable<DashboardFrame['certificates']>[number]

/** A line for each certificate that is missing, or soon will be; nothing while all is as it should be. */
export function CertificateNotes({ frame: { certificates = [] } }: { frame: DashboardFrame }) {
  return certificates.map((trouble) => (
    <p
      class={`note ${isThere(trouble) ? 'warn' : 'bad'}`}
      role="status"
      key={trouble.name + trouble.listener}
    >
      {wordsOf(trouble)}
    </p>
  ))
}

const isThere = ({ leftMs = -1 }: Trouble) => leftMs >= 0

function wordsOf({ name, listener, leftMs, error = '' }: Trouble): string {
  const time = duration(Math.max(0, leftMs ?? 0))
  if (listener !== undefined)
    return (leftMs ?? 0) < 0
      ? t('The certificate of {name} on {listener} has expired: renew it, and reload', { name, listener })
      : t('The certificate of {name} on {listener} expires in {time}: renew it, and reload', {
          ...{ name, listener, time },
        })
  if (leftMs === undefined)
    return error === ''
      ? t('No certificate for {name} yet', { name })
      : t('No certificate for {name} yet: {error}', { name, error })
  return leftMs < 0
    ? t('The certificate for {name} has expired and was not renewed: {error}', { name, error })
    : t('The certificate for {name} expires in {time} and was not renewed: {error}', { name, time, error })
}
