// HTML as values: what is put into a template is escaped, unless it is HTML itself.

/** A piece of HTML. Only `html` and `trusted` make one, so text cannot be taken for it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Content = Html | string | number | false | undefined | readonly Content[]

/** Escapes text for an element's content and for an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function render(content: Content): string {
  if (content === false || content === undefined) return ''
  if (content instanceof Html) return content.text
  if (Array.isArray(content)) return content.map(render).join('')
  return escapeHtml(String(content))
}

/** A template: `html`<p>${text}</p>``. Lists are put one after the other; false and undefined are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((all, text, i) => all + render(values[i - 1]) + text))
}

/** HTML that something else has made; it is not escaped. */
export function trusted(text: string): Html {
  return new Html(text)
}

/** The texts of the table have one kind of markup: code between backticks. */
export function inline(text: string): Html {
  const parts = text.split('`')
  // A backtick without its partner is a backtick.
  if (parts.length % 2 === 0) return html`${text}`
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
