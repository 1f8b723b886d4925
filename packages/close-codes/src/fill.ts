/** Puts values into the places that a text keeps for them: '{n} is planned' with n = 1012. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => `${values[name] ?? place}`)
}
