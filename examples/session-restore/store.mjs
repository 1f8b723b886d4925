// State in files, one for each name. Several processes may share a folder, but not write the same name at once; where
// they would, a database takes this place.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class Store {
  #folder

  constructor(folder) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** What was saved under the name last, or undefined. */
  load(name) {
    try {
      return JSON.parse(readFileSync(this.#path(name), 'utf8'))
    } catch (error) {
      if (error.code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Whoever dies in here leaves the old state or the new one, never a part: a rename is done whole or not at all. */
  save(name, state) {
    const path = this.#path(name)
    writeFileSync(`${path}.new`, JSON.stringify(state))
    renameSync(`${path}.new`, path)
  }

  /** Removes what begins so and was not saved for that many milliseconds. */
  sweep(beginning, ms) {
    for (const file of readdirSync(this.#folder)) {
      const path = join(this.#folder, file)
      if (file.startsWith(beginning) && statSync(path).mtimeMs < Date.now() - ms)
        rmSync(path, { force: true })
    }
  }

  #path(name) {
    // Names come from outside; none leads out of the folder.
    if (!/^[\w-]{1,80}$/.test(name)) throw new RangeError(`'${name}' is no name for a file`)
    return join(this.#folder, `${name}.json`)
  }
}
