import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

test('complete-lock adds the optional packages that a registry did not have, and then has nothing to add', () => {
  const packages = {
    '': { devDependencies: { tool: '1.0.0' } },
    'node_modules/tool': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: {
        '@tool/darwin-arm64': '1.0.0',
        '@tool/linux-x64-musl': '1.0.0',
        '@tool/extra': '1.0.0',
      },
    },
  }
  using folder = folderWith({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) })
  runTool('complete-lock.mjs', [folder.path])
  const lock = JSON.parse(readFileSync(join(folder.path, 'package-lock.json'), 'utf8'))
  expect(lock).toEqual({
    lockfileVersion: 3,
    packages: {
      ...packages,
      'node_modules/@tool/darwin-arm64': {
        version: '1.0.0',
        dev: true,
        optional: true,
        cpu: ['arm64'],
        os: ['darwin'],
      },
      'node_modules/@tool/linux-x64-musl': {
        version: '1.0.0',
        dev: true,
        optional: true,
        cpu: ['x64'],
        libc: ['musl'],
        os: ['linux'],
      },
    },
  })
  expect(runTool('complete-lock.mjs', [folder.path]).lines).toEqual([''])
})
