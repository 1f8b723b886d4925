import { closeCode } from '@holdfast/close-codes'

/** A close code that opens its explanation. */
export function CodeButton({ code, onCode }: { code: number; onCode: (code: number) => void }) {
  const name = closeCode(code)?.name
  return (
    <button
      type="button"
      class="code"
      aria-label={`${code}${name ? ` ${name}` : ''}: explain`}
      title={name}
      onClick={() => onCode(code)}
    >
      {code}
    </button>
  )
}
