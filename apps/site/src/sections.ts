// The parts of the site, as its navigation shows them. A part that is not in a language leads to the English one.
import type { Words } from './text/all.ts'

export interface SectionLink {
  readonly path: string
  readonly label: string
}

/** Where each part begins, in one language. */
export function sectionPaths({ tag: language, site: { sections } }: Words): SectionLink[] {
  return [
    { path: `${language}/codes/`, label: sections.codes },
    { path: `${language}/compare/`, label: sections.compare },
    { path: `${language}/who/`, label: sections.who },
    { path: `${language}/diagnose/`, label: sections.diagnose },
    { path: `${language}/frame/`, label: sections.frame },
    { path: `${language}/try/`, label: sections.tryIt },
    { path: 'en/guide/', label: sections.guide },
    { path: 'en/api/', label: sections.api },
  ]
}
