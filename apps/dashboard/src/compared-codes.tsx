import type { CloseCode } from '@holdfast/close-codes'
import { compare } from '@holdfast/close-codes/compare'
import type { Language } from '@holdfast/close-codes/languages'
import { Marked } from './marked.tsx'

interface Props {
  one: CloseCode
  other: CloseCode
  language: Language
}

export function ComparedCodes({ one, other, language }: Props) {
  const { title, says, differences, common, uses, notes } = compare(one, other, language)
  const words = language.comparison
  return (
    <>
      <h3>{title}</h3>
      <dl class="facts">
        {says.map(({ code, text }) => (
          <div key={code}>
            <dt>{code}</dt>
            <dd>
              <Marked text={text} />
            </dd>
          </div>
        ))}
      </dl>
      <h4>{words.differences}</h4>
      <dl class="facts">
        {differences.map(({ aspect, label, text }) => (
          <div key={aspect}>
            <dt>{label}</dt>
            <dd>
              <Marked text={text} />
            </dd>
          </div>
        ))}
      </dl>
      {common.length > 0 && <Sentences title={words.common} sentences={common} />}
      <h4>{words.choice}</h4>
      <dl class="facts">
        {uses.map(({ code, text }) => (
          <div key={code}>
            <dt>{code}</dt>
            <dd>
              <Marked text={text} />
            </dd>
          </div>
        ))}
      </dl>
      {notes.map((note) => (
        <p key={note}>
          <Marked text={note} />
        </p>
      ))}
    </>
  )
}

function Sentences({ title, sentences }: { title: string; sentences: readonly string[] }) {
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>
            <Marked text={sentence} />
          </li>
        ))}
      </ul>
    </>
  )
}
