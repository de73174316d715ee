/** What an embedding program says of its connectors, and what no request could make right of it. */

import type { UpstreamCredential } from '../credentials/upstream-credential.ts'
import {
  type Access,
  eagerQuery,
  type PolicyRule,
  type SignInForm,
  type StrangerRules,
} from '../gateway/gateway.ts'
import type { Upstream } from '../gateway/upstream.ts'
import { defaultScopes, type ScopeDefinition } from '../oauth/scope.ts'
import { usernameKey } from '../storage/limits.ts'
import type { UserRecord } from '../storage/storage.ts'
import { isPictureUrl } from '../ui/picture.ts'
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
  /** A picture beside its name: a `data:` URL with an image in base64, of at most 65 536 characters after the comma. */
  icon?: string | undefined
}

export interface ConnectorRules {
  upstream: Upstream
  /** What the upstream is called with: the same for all (`staticSecret`), or each person's own (`userSupplied`). Default nothing. */
  credential?: UpstreamCredential | undefined
  /** `lazy`: anybody may list, and call what is public; `none`: anybody may call, nobody signs in. Default `oauth`. */
  access?: Access | undefined
  /** Of `lazy`: the tools that anybody may call; `read-only`: those that the MCP server says only read. Default none. */
  publicTools?: readonly string[] | 'read-only' | undefined
  /** Of `lazy`: the tools that are not listed for whoever has not signed in. Default none. */
  hiddenTools?: readonly string[] | undefined
  /** Of `lazy`: how a protected call without a token is told to sign in. Default `by-client`. */
  signInForm?: SignInForm | undefined
  /** Who may use it, by user name, by the e-mail address of whoever signs in elsewhere, or by a function; asked at consent and at every call. Default everybody with an account. */
  people?: readonly string[] | ((person: Person) => boolean | Promise<boolean>) | undefined
  /** What is allowed and denied of it, by name, annotation or method, and to whom; the rest is neither listed nor answered. */
  policy?: readonly PolicyRule[] | undefined
  /** By what the rules of the policy know a person besides the role; asked at every call. */
  groups?: ((person: Person) => readonly string[] | Promise<readonly string[]>) | undefined
  /** `own`: those that were entered for it (`postern clients create --connector`). Default `any` that the door lets in. */
  clients?: 'any' | 'own' | undefined
  /** `required`: it takes no token that is not bound to a key of its client (DPoP, RFC 9449). Default `offered`. */
  proofOfPossession?: 'offered' | 'required' | undefined
}

export type Person = Pick<UserRecord, 'userId' | 'username' | 'displayName' | 'role' | 'outside'>

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
  icon?: string | undefined
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

/** Throws a `TypeError` with all that is wrong. */
export function readConnectors({ connector, connectors, defaultConnector }: ConnectorChoice): ConnectorPlan {
  if ((connector === undefined) === (connectors === undefined)) {
    throw new TypeError('give either connector or connectors')
  }
  const all = connectors ?? (connector === undefined ? [] : [connector])
  const problems = connectorProblems(all, defaultConnector)
  if (problems.length > 0) {
    const place = ({ at, member }: ConnectorProblem): string =>
      at === undefined || connector !== undefined ? member : `connectors[${at}].${member}`
    throw new TypeError(problems.map((problem) => `${place(problem)} ${problem.says}`).join('; '))
  }
  const templates = all.filter(isTemplate)
  const fixed = all
    .filter((one): one is ConnectorOptions => !isTemplate(one))
    .map((one) => ({ ...one, path: one.path ?? defaultPath }))
  return { fixed, templates, standard: standardPath(fixed, templates, defaultConnector) }
}

export const defaultPath = '/mcp'

function isTemplate(one: ConnectorOptions | TenantConnectorOptions): one is TenantConnectorOptions {
  return 'tenant' in one
}

function standardPath(
  fixed: readonly { name: string; path: string }[],
  templates: readonly unknown[],
  named: string | undefined,
): string | undefined {
  if (named !== undefined) return fixed.find(({ name }) => name === named)?.path
  return fixed.length === 1 && templates.length === 0 ? fixed[0]?.path : undefined
}

/** What can be wrong with connectors, wherever they were written down. */
export interface DescribedConnector extends StrangerChoice {
  name: string
  path?: string | undefined
  icon?: string | undefined
  /** There if it has a URL for each tenant. */
  tenant?: unknown
}

export interface ConnectorProblem {
  /** Which of them; undefined for the choice among them. */
  at: number | undefined
  member: string
  /** The end of a sentence. */
  says: string
}

export function connectorProblems(
  all: readonly DescribedConnector[],
  defaultConnector: string | undefined,
): ConnectorProblem[] {
  if (all.length === 0)
    return [{ at: undefined, member: 'connectors', says: 'is empty: there would be nothing behind the door' }]
  return [
    ...all.flatMap((one, at) => ownProblems(one).map((problem) => ({ at, ...problem }))),
    ...all.flatMap((one, at) =>
      all.slice(0, at).flatMap((other) => twinProblems(one, other).map((problem) => ({ at, ...problem }))),
    ),
    ...defaultProblems(all, defaultConnector),
  ]
}

type MemberProblem = Pick<ConnectorProblem, 'member' | 'says'>

function ownProblems(one: DescribedConnector): MemberProblem[] {
  const { path = defaultPath } = one
  const fault = 'tenant' in one ? tenantPathFault(path) : connectorPathFault(path)
  return [
    ...(fault === undefined ? [] : [{ member: 'path', says: `${quoted(path)} ${fault}` }]),
    ...(one.icon === undefined || isPictureUrl(one.icon)
      ? []
      : [{ member: 'icon', says: 'is no data: URL of an image in base64, or too long' }]),
    ...strangerProblems(one),
  ]
}

/** By its name a person knows what is being allowed, and by its path a token where it is good. */
function twinProblems(one: DescribedConnector, other: DescribedConnector): MemberProblem[] {
  const [path, otherPath] = [one.path ?? defaultPath, other.path ?? defaultPath]
  const isTwin = one.name.trim().toLowerCase() === other.name.trim().toLowerCase()
  return [
    ...(pathsMeet(path, otherPath)
      ? [{ member: 'path', says: `${path} cannot be told apart from ${otherPath} of ${quoted(other.name)}` }]
      : []),
    ...(isTwin ? [{ member: 'name', says: `${quoted(one.name)} is the name of another one too` }] : []),
  ]
}

function defaultProblems(all: readonly DescribedConnector[], named: string | undefined): ConnectorProblem[] {
  if (named === undefined) return []
  const found = all.find((one) => one.name === named && !('tenant' in one))
  if (found !== undefined && found.access !== 'none') return []
  const says = found === undefined ? 'names no connector' : 'is one where nobody signs in'
  return [{ at: undefined, member: 'defaultConnector', says: `${quoted(named)} ${says}` }]
}

/** Who needs no token, as it is written down. */
export type StrangerChoice = Pick<ConnectorRules, 'access' | 'publicTools' | 'hiddenTools' | 'signInForm'>

export function strangerProblems(choice: StrangerChoice): MemberProblem[] {
  const { access, publicTools = [], hiddenTools = [] } = choice
  const idle = (['publicTools', 'hiddenTools', 'signInForm'] as const).filter(
    (member) => access !== 'lazy' && choice[member] !== undefined,
  )
  const both = hiddenTools.find((tool) => publicTools !== 'read-only' && publicTools.includes(tool))
  return [
    ...idle.map((member) => ({ member, says: `means something only where access is lazy` })),
    ...(both === undefined ? [] : [{ member: 'hiddenTools', says: `${quoted(both)} is a public tool too` }]),
  ]
}

/** Throws a `TypeError`: a tenant is judged when it is first asked for. */
export function readStrangerRules(choice: StrangerChoice, name: string): StrangerRules | undefined {
  const [problem] = strangerProblems(choice)
  if (problem !== undefined) throw new TypeError(`${name}: ${problem.member} ${problem.says}`)
  const { access, publicTools = [], hiddenTools = [] } = choice
  return access === 'lazy' ? { publicTools, hiddenTools } : undefined
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Throws a `TypeError`: without a sign-in nobody is there whose own it could be. */
export function credentialOf(
  { credential, access }: ConnectorRules,
  name: string,
): UpstreamCredential | undefined {
  if (credential !== undefined && credential.kind !== 'fixed' && access === 'none')
    throw new TypeError(`${name}: a credential of each person needs people who sign in; access is none`)
  return credential
}

export function scopesOf(one: {
  scopes?: readonly ScopeDefinition[] | undefined
}): readonly ScopeDefinition[] {
  return one.scopes ?? defaultScopes
}

/** Undefined where everybody with an account may. User names compare without case, as at sign-in; whoever signs in elsewhere is also known by an e-mail address that was vouched for. */
export function readPeople({
  people,
}: ConnectorRules): ((person: Person) => boolean | Promise<boolean>) | undefined {
  if (people === undefined || typeof people === 'function') return people
  const names = new Set(people.map(usernameKey))
  return ({ username, outside }) =>
    names.has(usernameKey(username)) || names.has(usernameKey(outside?.email ?? username))
}

/** For whoever hands the URL on: the one that a dialog which looks for a sign-in has to be given. */
export function eagerUrl(url: string): string {
  return `${url}?${eagerQuery}`
}
