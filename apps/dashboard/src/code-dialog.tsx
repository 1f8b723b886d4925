import { closeCode, closeCodes } from '@holdfast/close-codes'
import { type Explanation, explain, factsOf, type RegisteredExplanation } from '@holdfast/close-codes/explain'
import type { Language } from '@holdfast/close-codes/languages'
import { useEffect, useState } from 'preact/hooks'
import { ComparedCodes } from './compared-codes.tsx'
import { Dialog } from './dialog.tsx'
import { type Loaded, loadWords } from './language.ts'
import { Marked } from './marked.tsx'

/** What a close code means, in the browser's language, and what makes it another than some other code. */
export function CodeDialog({ code, onClose }: { code: number; onClose: () => void }) {
  const [loaded, setLoaded] = useState<Loaded>()
  const [other, setOther] = useState<number>()
  useEffect(() => {
    loadWords().then(setLoaded, () => {})
  }, [])
  const row = closeCode(code)
  const { language, words } = loaded ?? {}
  const title = row ? `${code} ${row.name}` : [code, language?.command.unregistered].join(' ')
  const explanation = language && explain(code, language)
  const rival = other === undefined ? undefined : closeCode(other)
  return (
    <Dialog labelledBy="code" wide lang={language?.tag} onClose={onClose}>
      <div class="title">
        <h2 id="code">{title}</h2>
        <button type="button" autofocus onClick={onClose}>
          {words?.close ?? 'Close'}
        </button>
      </div>
      {row && language && words && (
        <section class="compare">
          <label>
            {words.compareWith}{' '}
            <select onChange={({ currentTarget }) => setOther(Number(currentTarget.value) || undefined)}>
              <option value="">{words.nothing}</option>
              {closeCodes
                .filter((one) => one.code !== code)
                .map((one) => (
                  <option key={one.code} value={one.code}>
                    {one.code} {one.name}
                  </option>
                ))}
            </select>
          </label>
          <div aria-live="polite">
            {rival && <ComparedCodes one={row} other={rival} language={language} />}
          </div>
        </section>
      )}
      {explanation && language && <Explained explanation={explanation} language={language} />}
      {row && language && words && (
        <p>
          <a href={`/docs/${language.tag}/${referencePath(code, other)}/`} target="_blank" rel="noreferrer">
            {words.reference}
          </a>
        </p>
      )}
    </Dialog>
  )
}

/** The page of the code, or of it and the one that it is compared with, in the copy that this port serves. */
function referencePath(code: number, other: number | undefined): string {
  return other === undefined ? `${code}` : `${Math.min(code, other)}-vs-${Math.max(code, other)}`
}

function Explained({ explanation, language }: { explanation: Explanation; language: Language }) {
  const { ecosystems } = explanation
  return (
    <>
      {explanation.registered ? (
        <Registered explanation={explanation} language={language} />
      ) : (
        <>
          <p class="meaning">
            <Marked text={explanation.text.meaning} />
          </p>
          <p>
            <Marked text={explanation.text.advice} />
          </p>
        </>
      )}
      {ecosystems.length > 0 && (
        <>
          <h3>{language.command.usedBy}</h3>
          <ul>
            {ecosystems.map(({ id, ecosystem, name, meaning }) => (
              <li key={`${id} ${name}`}>
                {ecosystem}: <code>{name}</code>
                {meaning && <Marked text={` – ${meaning}`} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function Registered({ explanation, language }: { explanation: RegisteredExplanation; language: Language }) {
  const { text } = explanation
  const { labels } = language
  return (
    <>
      <p class="meaning">
        <Marked text={text.meaning} />
      </p>
      <p>
        <Marked text={text.description} />
      </p>
      <h3>{labels.whenSeen}</h3>
      <p>
        <Marked text={text.whenSeen} />
      </p>
      <Lines title={labels.causes} lines={text.causes} />
      <Lines title={labels.howToFix} lines={text.howToFix} ordered />
      <Lines title={labels.pitfalls} lines={text.pitfalls} />
      <h3>{labels.comeBack}</h3>
      <p>
        <Marked text={text.advice} /> <Marked text={text.retry.holdfast} />
      </p>
      <dl class="facts">
        {factsOf(explanation, language).map(({ label, text }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Marked text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Lines({
  title,
  lines,
  ordered = false,
}: {
  title: string
  lines: readonly string[]
  ordered?: boolean
}) {
  const List = ordered ? 'ol' : 'ul'
  return (
    <>
      <h3>{title}</h3>
      <List>
        {lines.map((line) => (
          <li key={line}>
            <Marked text={line} />
          </li>
        ))}
      </List>
    </>
  )
}
