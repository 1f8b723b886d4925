// vitest's JSON report, with what that leaves out: what went wrong in a hook of a suite is in `message` of its file, and what was
// thrown or rejected outside of every test, for which a run ends with 1, is in `unhandledErrors`.
import { JsonReporter } from 'vitest/node'

export default class extends JsonReporter {
  #said = new Map()
  #unhandled = []

  async onTestRunEnd(modules, unhandled, ...rest) {
    this.#unhandled = unhandled.map(({ message, stack, VITEST_TEST_PATH: file, VITEST_TEST_NAME: test }) =>
      [[file, test].filter(Boolean).join(' > '), stack ?? message].join('\n').trim(),
    )
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()]
      const words = suites.flatMap((suite) =>
        suite.errors().map(({ message, stack }) => `${suite.fullName ?? ''}\n${stack ?? message}`.trim()),
      )
      this.#said.set(module.moduleId, words.join('\n'))
    }
    await super.onTestRunEnd(modules, unhandled, ...rest)
  }

  async writeReport(text) {
    const report = JSON.parse(text)
    for (const file of report.testResults) file.message = this.#said.get(file.name) || file.message
    report.unhandledErrors = this.#unhandled
    await super.writeReport(JSON.stringify(report))
  }
}
