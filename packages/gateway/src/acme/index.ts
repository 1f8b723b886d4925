export type { AcmeWish } from './acme.ts'
export { challengesOf } from './challenges.ts'
export { AcmeManager } from './manager.ts'
