import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface Props {
  labelledBy: string
  wide?: boolean
  lang?: string
  onClose: () => void
  children: ComponentChildren
}

/** A modal dialog for as long as it is rendered. Escape closes it, and focus goes back to where it was. */
export function Dialog({ labelledBy, wide = false, lang, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby={labelledBy}
      lang={lang}
      onClose={onClose}
    >
      {children}
    </dialog>
  )
}
