// Where the pages about codes lie. Others link to these addresses: they stay.
export const codePath = (tag: string, code: number) => `${tag}/${code}/`

/** The lower code first, whichever is named first. */
export function pairPath(tag: string, one: number, other: number): string {
  return `${tag}/${Math.min(one, other)}-vs-${Math.max(one, other)}/`
}
