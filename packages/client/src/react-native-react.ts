// The package's entry for React in React Native: the same exports, on a platform that may have no EventTarget.
import './plain-platform.ts'

export * from './react.ts'
