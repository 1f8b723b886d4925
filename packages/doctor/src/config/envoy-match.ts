/** The header matchers of Envoy's routes, judged for one request. */
import type { Report } from './context.ts'
import { at, listAt, type Tree, textAt } from './tree.ts'
import { all, headerOf, not, type Request, type Truth } from './truth.ts'
import { matchesPattern, missesHandshakes } from './websocket.ts'

type Test = (value: string, ignoreCase: boolean) => boolean

/** Whether what a route asks of headers holds for a request. */
export function headersHold(route: Tree, request: Request): Truth {
  return all(
    listAt(route, 'match', 'headers').map((header) => {
      const name = textAt(header, 'name') ?? ''
      const value = name === ':method' ? 'GET' : headerOf(request, name)
      if (value === undefined) return undefined
      const test = testOf(header)
      const present = textAt(header, 'present_match') !== 'false'
      const truth = test ? value !== '' && test.fits(value, false) : (value !== '') === present
      return textAt(header, 'invert_match') === 'true' ? not(truth) : truth
    }),
  )
}

/** Reports the header matchers of a route that miss handshakes, inverted ones as well. */
export function checkHeaderMatches(route: Tree, report: Report): void {
  for (const header of listAt(route, 'match', 'headers')) {
    const name = textAt(header, 'name') ?? ''
    const test = testOf(header)
    if (test && missesHandshakes(name, test.fits)) {
      report.found('envoy-header-match', { header: name, value: String(test.tree.scalar) }, test.tree.place)
    }
  }
}

/** What a matcher compares; undefined when it only asks whether the header is there. */
function testOf(header: Tree): { fits: Test; tree: Tree } | undefined {
  const string = at(header, 'string_match')
  const caseless = textAt(string, 'ignore_case') === 'true'
  const ways: readonly [Tree | undefined, (wanted: string) => (value: string) => boolean][] = [
    [at(string, 'exact') ?? at(header, 'exact_match'), (wanted) => (value) => value === wanted],
    [at(string, 'prefix') ?? at(header, 'prefix_match'), (wanted) => (value) => value.startsWith(wanted)],
    [at(string, 'suffix') ?? at(header, 'suffix_match'), (wanted) => (value) => value.endsWith(wanted)],
    [at(string, 'contains') ?? at(header, 'contains_match'), (wanted) => (value) => value.includes(wanted)],
  ]
  for (const [tree, way] of ways) {
    if (tree?.scalar === undefined || tree.scalar === null) continue
    const wanted = String(tree.scalar)
    const fits: Test = (value, ignoreCase) =>
      caseless || ignoreCase ? way(wanted.toLowerCase())(value.toLowerCase()) : way(wanted)(value)
    return { fits, tree }
  }
  const regex = at(string, 'safe_regex', 'regex') ?? at(header, 'safe_regex_match', 'regex')
  if (!regex) return undefined
  return {
    fits: (value, ignoreCase) => matchesPattern(`^(?:${regex.scalar})$`)(value, ignoreCase),
    tree: regex,
  }
}
