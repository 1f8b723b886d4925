// vitest's JSON report, with what went wrong in a hook of a suite, which that leaves out: `message` of the file says it.
import { JsonReporter } from 'vitest/node'

export default class extends JsonReporter {
  #said = new Map()

  async onTestRunEnd(modules, ...rest) {
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()]
      const words = suites.flatMap((suite) =>
        suite.errors().map(({ message, stack }) => `${suite.fullName ?? ''}\n${stack ?? message}`.trim()),
      )
      this.#said.set(module.moduleId, words.join('\n'))
    }
    await super.onTestRunEnd(modules, ...rest)
  }

  async writeReport(text) {
    const report = JSON.parse(text)
    for (const file of report.testResults) file.message = this.#said.get(file.name) || file.message
    await super.writeReport(JSON.stringify(report))
  }
}
