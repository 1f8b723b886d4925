import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from 'svelte/compiler'
import { compileScript, parse } from 'vue/compiler-sfc'
import { bundle } from '../bundle.ts'

/** A folder from which the packages of the workspace are found. */
export function folderInWorkspace(): Disposable & { path: string } {
  const path = mkdtempSync(join(import.meta.dirname, '../../../../node_modules/.frameworks-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

const mounts = {
  react: {
    file: 'App.tsx',
    compiled: (source: string) => source,
    mount: (name: string) => `import { StrictMode, createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { ${name} } from './App.tsx'
createRoot(document.querySelector('#app')).render(createElement(StrictMode, null, createElement(${name}, { room: 'lobby' })))`,
  },
  vue: {
    file: 'App.ts',
    compiled: (source: string) =>
      compileScript(parse(source).descriptor, { id: 'app', inlineTemplate: true }).content,
    mount: () => `import { createApp } from 'vue'
import App from './App.ts'
createApp(App).mount('#app')`,
  },
  svelte: {
    file: 'App.js',
    compiled: (source: string) => compile(source, { generate: 'client' }).js.code,
    mount: () => `import { mount } from 'svelte'
import App from './App.js'
mount(App, { target: document.querySelector('#app') })`,
  },
}

/** A script that shows a component of this framework in `#app`; `name`: what it is exported as. */
export async function appScript(
  framework: keyof typeof mounts,
  source: string,
  name = 'default',
): Promise<string> {
  using folder = folderInWorkspace()
  const { file, compiled, mount } = mounts[framework]
  writeFileSync(join(folder.path, file), compiled(source))
  const entry = join(folder.path, 'main.js')
  writeFileSync(entry, mount(name))
  return await bundle({ entry, format: 'iife', name: 'app' })
}
