export { AuthGate, type AuthGateDeps, type AuthVerdict } from './auth-gate.ts'
export { authorised } from './auth-request.ts'
export { type PackedRenewal, Renewal } from './renewal.ts'
