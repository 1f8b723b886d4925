import { existsSync } from 'node:fs'

/** The names under which a configuration is found in the working directory. */
const names = ['holdfast.yaml', 'holdfast.yml', 'holdfast.json']

/** The configuration in the working directory; undefined when there is none. */
export function configFileHere(): string | undefined {
  const name = names.find((one) => existsSync(one))
  return name && `./${name}`
}
