/** Postern as a library: web-standard only, for whatever serves `Request` and `Response`. */

export { type ConnectorOptions, createPostern, type Postern, type PosternOptions } from './app/postern.ts'
export type { Lifetimes, WaysIn } from './authorization-server/settings.ts'
export type { Upstream } from './gateway/upstream.ts'
export type { IdentityProvider } from './identity/identity-provider.ts'
export type { ScopeDefinition } from './oauth/scope.ts'
export type { EventReader, PosternEvent } from './platform/telemetry.ts'
export { memoryStorage } from './storage/adapters/memory.ts'
export type { Storage } from './storage/storage.ts'
