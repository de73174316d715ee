/** What an embedding program says of its connectors, and what no request could make right of it. */

import { type Access, eagerQuery, type SignInForm, type StrangerRules } from '../gateway/gateway.ts'
import type { Upstream } from '../gateway/upstream.ts'
import { defaultScopes, type ScopeDefinition } from '../oauth/scope.ts'
import { usernameKey } from '../storage/limits.ts'
import type { UserRecord } from '../storage/storage.ts'
import { connectorPathFault, pathsMeet, tenantPathFault } from './connector-path.ts'

/** One MCP server behind one URL. */
export interface ConnectorOptions extends ConnectorRules {
  /** What people are asked to allow. */
  name: string
  /** Default `/mcp`. */
  path?: string | undefined
  scopes?: readonly ScopeDefinition[] | undefined
  /** `jwt`: signed, so that a resource server elsewhere can read them (RFC 9068). Default `opaque`. */
  accessTokens?: 'opaque' | 'jwt' | undefined
}

export interface ConnectorRules {
  upstream: Upstream
  /** `lazy`: anybody may list, and call what is public; `none`: anybody may call, nobody signs in. Default `oauth`. */
  access?: Access | undefined
  /** Of `lazy`: the tools that anybody may call; `read-only`: those that the MCP server says only read. Default none. */
  publicTools?: readonly string[] | 'read-only' | undefined
  /** Of `lazy`: the tools that are not listed for whoever has not signed in. Default none. */
  hiddenTools?: readonly string[] | undefined
  /** Of `lazy`: how a protected call without a token is told to sign in. Default `by-client`. */
  signInForm?: SignInForm | undefined
  /** Who may use it, by user name or by a function; asked at consent and at every call. Default everybody with an account. */
  people?: readonly string[] | ((person: Person) => boolean | Promise<boolean>) | undefined
}

export type Person = Pick<UserRecord, 'userId' | 'username' | 'displayName' | 'role'>

/** A URL for each tenant, such as `/t/{tenant}/mcp`. Each is a connector of its own: resource, metadata, clients, people, upstream. */
export interface TenantConnectorOptions {
  /** For tenants without a name of their own, in front of the tenant's. */
  name: string
  /** `{tenant}` is one whole segment, and not the first. */
  path: string
  /** Offered by each of its tenants. */
  scopes?: readonly ScopeDefinition[] | undefined
  /** Of each of its tenants. */
  accessTokens?: 'opaque' | 'jwt' | undefined
  /**
   * Undefined: there is no such tenant. A tenant is what stands in the path, byte for byte: letters, digits, `- . _ ~`,
   * 64 at most. What it answered is kept until `Postern.forgetTenant`.
   */
  tenant(tenant: string): Tenant | undefined | Promise<Tenant | undefined>
}

export interface Tenant extends ConnectorRules {
  /** What people are asked to allow. Default: the name of the connector, and the tenant. */
  name?: string | undefined
}

export interface ConnectorPlan {
  /** With a default path. */
  fixed: readonly (ConnectorOptions & { path: string })[]
  templates: readonly TenantConnectorOptions[]
  /** Whose metadata stands at the root, and what a request means that names none (requirements ASU-04 and ASU-07). */
  standard: string | undefined
}

export interface ConnectorChoice {
  connector?: ConnectorOptions | undefined
  connectors?: readonly (ConnectorOptions | TenantConnectorOptions)[] | undefined
  defaultConnector?: string | undefined
}

/** Throws a `TypeError`. */
export function readConnectors({ connector, connectors, defaultConnector }: ConnectorChoice): ConnectorPlan {
  if ((connector === undefined) === (connectors === undefined)) {
    throw new TypeError('give either connector or connectors')
  }
  const all = connectors ?? (connector === undefined ? [] : [connector])
  if (all.length === 0) throw new TypeError('connectors is empty: there would be nothing behind the door')
  const templates = all.filter(isTemplate)
  const fixed = all
    .filter((one): one is ConnectorOptions => !isTemplate(one))
    .map((one) => ({ ...one, path: one.path ?? '/mcp' }))
  for (const { path } of fixed) refuse(path, connectorPathFault(path))
  for (const { path } of templates) refuse(path, tenantPathFault(path))
  for (const one of fixed) readStrangerRules(one, one.name)
  refuseTwins([...fixed, ...templates])
  return { fixed, templates, standard: readStandard(fixed, templates, defaultConnector) }
}

function isTemplate(one: ConnectorOptions | TenantConnectorOptions): one is TenantConnectorOptions {
  return 'tenant' in one
}

function refuse(path: string, fault: string | undefined): void {
  if (fault !== undefined) throw new TypeError(`connector.path ${JSON.stringify(path)} ${fault}`)
}

/** By its name a person knows what is being allowed, and by its path a token where it is good. */
function refuseTwins(all: readonly { name: string; path: string }[]): void {
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (pathsMeet(one.path, other.path)) {
        throw new TypeError(`the connector paths ${one.path} and ${other.path} cannot be told apart`)
      }
      if (one.name.trim().toLowerCase() === other.name.trim().toLowerCase()) {
        throw new TypeError(
          `two connectors are called ${JSON.stringify(one.name)}; each needs a name of its own`,
        )
      }
    }
  }
}

function readStandard(
  fixed: readonly { name: string; path: string; access?: Access | undefined }[],
  templates: readonly TenantConnectorOptions[],
  named: string | undefined,
): string | undefined {
  const [only] = fixed
  if (named === undefined) return fixed.length === 1 && templates.length === 0 ? only?.path : undefined
  const found = fixed.find(({ name }) => name === named)
  if (found === undefined) throw new TypeError(`defaultConnector ${JSON.stringify(named)} names no connector`)
  if (found.access === 'none') throw new TypeError(`defaultConnector ${JSON.stringify(named)} has no sign-in`)
  return found.path
}

/** Throws a `TypeError`. */
export function readStrangerRules(rules: ConnectorRules, name: string): StrangerRules | undefined {
  const { access, publicTools = [], hiddenTools = [], signInForm } = rules
  const isGiven = [rules.publicTools, rules.hiddenTools, signInForm].some((one) => one !== undefined)
  if (access !== 'lazy' && isGiven) {
    throw new TypeError(`${name}: publicTools, hiddenTools and signInForm are for access 'lazy'`)
  }
  const both = hiddenTools.find((tool) => publicTools !== 'read-only' && publicTools.includes(tool))
  if (both !== undefined) {
    throw new TypeError(`${name}: the tool ${JSON.stringify(both)} cannot be both public and hidden`)
  }
  return access === 'lazy' ? { publicTools, hiddenTools } : undefined
}

export function scopesOf(one: {
  scopes?: readonly ScopeDefinition[] | undefined
}): readonly ScopeDefinition[] {
  return one.scopes ?? defaultScopes
}

/** Undefined where everybody with an account may. User names compare without case, as at sign-in. */
export function readPeople({
  people,
}: ConnectorRules): ((person: Person) => boolean | Promise<boolean>) | undefined {
  if (people === undefined || typeof people === 'function') return people
  const names = new Set(people.map(usernameKey))
  return ({ username }) => names.has(usernameKey(username))
}

/** For whoever hands the URL on: the one that a dialog which looks for a sign-in has to be given. */
export function eagerUrl(url: string): string {
  return `${url}?${eagerQuery}`
}
