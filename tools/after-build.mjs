// What tsc leaves undone: outputs of sources that are gone, and the licence that belongs in each package's tarball.
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = /(\.d\.ts|\.js)(\.map)?$/

const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))

for (const folder of [...packages, join(root, 'testing')]) {
  const dist = join(folder, 'dist')
  if (!existsSync(dist)) continue
  for (const file of readdirSync(dist, { recursive: true })) {
    // The scripts of the site are no output of tsc: `npm run site` builds them, and this must not take them away.
    if (file.startsWith(`site${sep}`)) continue
    if (output.test(file) && !existsSync(join(folder, 'src', file.replace(output, '.ts'))))
      rmSync(join(dist, file))
  }
}

for (const folder of packages) {
  if (existsSync(join(root, 'LICENSE'))) copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}
