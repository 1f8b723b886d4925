// Small helpers of the pages' scripts.

/** Makes an element with properties and text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  text = '',
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties)
  if (text) made.textContent = text
  return made
}

/** Puts values in the places of a text: `{name}`. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place))
}
