import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { t } from './translate.ts'

interface Props {
  class: string
  items: ComponentChildren[]
}

/** Items before the rest is asked for. */
const few = 8

/** A list that shows its first items, and all when it is asked. */
export function MoreList({ class: name, items }: Props) {
  const [all, showAll] = useState(false)
  return (
    <>
      <ol class={name}>{all ? items : items.slice(0, few)}</ol>
      {items.length > few && (
        <button type="button" class="small all" aria-expanded={all} onClick={() => showAll(!all)}>
          {all ? t('Show fewer') : t('Show all {n}', { n: items.length })}
        </button>
      )}
    </>
  )
}
