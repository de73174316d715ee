/** What the gateway is told of one connector. */

import type { CallerCredential } from '../credentials/caller-credential.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'
import type { PolicyRule } from './access-policy.ts'
import type { SignInForm, StrangerRules } from './lazy-access.ts'
import type { Upstream } from './upstream.ts'

/** Who may come in: `oauth` whoever has a token; `lazy` anybody, for what is public; `none` anybody, for everything. */
export type Access = 'oauth' | 'lazy' | 'none'

export interface ConnectorSettings {
  /** Shown to people; plain text. */
  name: string
  /** For example `/mcp`. */
  path: string
  /** Canonical. */
  resource: ResourceIdentifier
  scopes: readonly ScopeDefinition[]
  upstream: Upstream
  /** The operator's own, for everybody who has none of their own. */
  credential?: CallerCredential | undefined
  access: Access
  /** Of `lazy`. */
  strangers?: StrangerRules | undefined
  signInForm?: SignInForm | undefined
  /** What is allowed and denied of it, and to whom. Default everything to everybody, as far as their scopes go. */
  policy?: readonly PolicyRule[] | undefined
  /** It takes no bearer tokens, only such as are bound to a key (RFC 9449). */
  boundTokensOnly?: boolean | undefined
}
