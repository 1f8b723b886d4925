/** The words of the site that are not of the table of close codes. `{name}` is filled in. */
export interface SiteText {
  /** Link to the main part, for keyboards. */
  readonly skip: string
  readonly navigation: string
  readonly languages: string
  readonly search: string
  readonly searchHint: string
  /** When nothing was found: `{query}`. */
  readonly nothingFound: string
  readonly footer: string
  readonly asJson: string
  readonly sections: {
    readonly codes: string
    readonly compare: string
    readonly who: string
    readonly diagnose: string
    readonly frame: string
    readonly tryIt: string
    readonly guide: string
    readonly api: string
  }
  /** The category of every page about codes. */
  readonly category: string
  readonly home: {
    readonly title: string
    readonly description: string
    readonly intro: string
    readonly start: string
    /** What the parts of the site are, a sentence each. */
    readonly about: Record<keyof SiteText['sections'], string>
  }
  readonly codePage: {
    /** `{code}` `{name}`: the description for search engines; `{meaning}`. */
    readonly description: string
    readonly compareWith: string
    readonly inEcosystems: string
  }
  readonly pairPage: {
    readonly whatItIs: string
    readonly differences: string
    readonly common: string
    readonly whichToUse: string
    readonly whoSends: string
    readonly clients: string
    readonly onTheWire: string
    readonly linesToWrite: string
    /** About a code that no server sends. */
    readonly nothingToWrite: string
    readonly notes: string
    /** `{a}` and `{b}`: the description for search engines. */
    readonly description: string
    /** Above the pairs that people compare. */
    readonly often: string
    readonly all: string
    readonly intro: string
  }
  readonly wire: {
    /** `{code}` never stands in a frame; what is seen in its place is above. */
    readonly noFrame: string
    readonly example: string
    readonly head: string
    readonly number: string
    readonly reason: string
  }
  /** What servers, proxies and clients really do. */
}
