/** A command that needs no shell: what to start, with which arguments and additions to the environment. */
export interface PlainCommand {
  program: string
  args: string[]
  env: Record<string, string>
}

/** A word: quoted parts and others, without anything that only a shell does. */
const wordPattern = /(?:'[^']*'|"[^"$`\\!]*"|[^\s'"`$&|;<>()*?[\]#~!{}\\])+/y
const assignment = /^([A-Za-z_]\w*)=(.*)$/s

/**
 * Takes a command line apart as a shell would, so that no shell stands between the server and its signals; undefined for
 * one that needs a shell.
 */
export function plainCommand(command: string): PlainCommand | undefined {
  const text = command.trim()
  const words: string[] = []
  for (let at = 0; at < text.length; ) {
    wordPattern.lastIndex = at
    const word = wordPattern.exec(text)?.[0]
    if (word === undefined) return undefined
    words.push(word)
    at += word.length
    const space = /\s+/y
    space.lastIndex = at
    const between = space.exec(text)?.[0] ?? ''
    if (between === '' && at < text.length) return undefined
    at += between.length
  }
  const first = words.findIndex((word) => !assignment.test(word))
  if (first < 0) return undefined
  const env = words.slice(0, first).map((word) => assignment.exec(word)!)
  const [program = '', ...args] = words.slice(first).map(unquoted)
  if (program === '') return undefined
  return { program, args, env: Object.fromEntries(env.map(([, name, value]) => [name, unquoted(value!)])) }
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? '')
}
