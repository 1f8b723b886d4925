import { Fragment } from 'preact'

/** Text of the reference: what stands in backticks is code. */
export function Marked({ text }: { text: string }) {
  return (
    <>
      {text.split('`').map((part, i) => (
        <Fragment key={i}>{i % 2 === 1 ? <code>{part}</code> : part}</Fragment>
      ))}
    </>
  )
}
