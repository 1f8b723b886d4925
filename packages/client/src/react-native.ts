// The package's entry in React Native: the same exports, on a platform that may have no EventTarget.
import './plain-platform.ts'

export * from './index.ts'
