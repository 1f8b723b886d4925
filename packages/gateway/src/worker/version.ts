import { readFileSync } from 'node:fs'

const { version: ours } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** The version of this package: in a worker that of the code that it runs, whatever its supervisor was started from. */
export const version: string = ours
