import { describe, expect, it } from 'vitest'
import { type Item, readApi } from '../src/api/read-api.ts'
import { repository } from '../src/repository.ts'

const entries = readApi(repository)

/** Everything that a user can name: what is exported, and its members. */
const all = entries.flatMap(({ specifier, items }) =>
  items.flatMap((item) => [
    [`${specifier} ${item.name}`, item] as const,
    ...item.members.map((member) => [`${specifier} ${item.name}.${member.name}`, member] as const),
  ]),
)

/** Members that are what WHATWG says: the class says that it has them exactly. */
const native =
  /^@holdfast\/client ReconnectingWebSocket(EventMap)?\.(CONNECTING|OPEN|CLOSING|CLOSED|url|protocol|extensions|readyState|binaryType|open|message|error|close)$/

const isOptional = ({ signature, kind }: Item) => kind === 'member' && /^(readonly )?\w+\?:/.test(signature)

describe('the interface of the packages', () => {
  it('has a docstring for everything that can be imported, and for each of its members', () => {
    const silent = all.filter(([name, { text }]) => text === '' && !native.test(name)).map(([name]) => name)
    expect(silent).toEqual([])
  })

  it('says of a number of milliseconds, seconds or bytes which it is', () => {
    const unit =
      /millisecond|second|byte|port|code|percent|\bms\b|how many|number|count|status|times|attempt|index|version|version|weight|pid|process id|since 1970|in \[0, 1\)|messages|connections|least|most|cap|length|identifier|retries|returns|workers|generation/i
    const without = all
      .filter(
        ([, { kind, signature }]) =>
          kind === 'member' && /: (number|MonotonicMs|UnixMs)( \| \w+)*$/.test(signature),
      )
      .filter(([name, { text }]) => !unit.test(text) && !native.test(name))
      .map(([name]) => name)
    expect(without).toEqual([])
  })

  it('says what an option is when it is left out', () => {
    const options = all.filter(([name]) => /^@holdfast\/(client|restart)\S* \w*Options\.\w+$/.test(name))
    expect(options.length).toBeGreaterThan(20)
    const without = options
      .filter(([, item]) => isOptional(item))
      .filter(
        ([, { tags, text }]) =>
          !tags.some(([tag]) => tag === 'default') && !/default|without it|absent/i.test(text),
      )
      .map(([name]) => name)
    expect(without).toEqual([])
  })
})
