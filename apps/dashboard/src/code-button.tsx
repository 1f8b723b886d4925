import { closeCode } from '@holdfast/close-codes'
import { t } from './translate.ts'
import { codeText, isThousand } from './words.ts'

/** A close code that opens its explanation. */
export function CodeButton({ code, onCode }: { code: number; onCode: (code: number) => void }) {
  // Codes that are counted together, because nobody knows them, cannot be explained.
  if (isThousand(code)) return <span class="code">{codeText(code)}</span>
  const name = closeCode(code)?.name
  return (
    <button
      type="button"
      class="code"
      aria-label={t('{code}: explain', { code: `${code}${name ? ` ${name}` : ''}` })}
      title={name}
      onClick={() => onCode(code)}
    >
      {code}
    </button>
  )
}
