// The entry `@holdfast/client/resume` in React Native: the same exports, on a platform that may have no EventTarget.
import './plain-platform.ts'

export * from './resume.ts'
