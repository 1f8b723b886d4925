export { type ConfigProblem, formatProblem } from './errors.ts'
export { type ConfigResult, loadConfigFile } from './file.ts'
export { type ConfigFlags, optionsFromFlags } from './flags.ts'
