/** The connectors that `postern serve` is told of: one from flags, environment and file, or several from the file, tenants among them. */

import type { Access, PolicyRule, SignInForm } from '../gateway/gateway.ts'
import { defaultScopes, type ScopeDefinition } from '../oauth/scope.ts'
import type { OptionName } from './config.ts'
import {
  connectorProblems,
  type DescribedConnector,
  defaultPath,
  strangerProblems,
} from './connector-options.ts'
import { isTenantName } from './connector-path.ts'
import { type OptionDefinition, optionDefinitions } from './option-definitions.ts'
import { type Given, isRecord, memberProblems, type OptionProblem, settle } from './option-sources.ts'
import { type ReadValues, readValues } from './option-values.ts'
import { defaultName, readUpstream, type ServedUpstream } from './served-upstream.ts'

/** What differs between tenants. */
export interface ServedTenant {
  readonly name: string | undefined
  readonly upstream: ServedUpstream
  readonly access: Access
  readonly publicTools: readonly string[] | 'read-only' | undefined
  readonly hiddenTools: readonly string[] | undefined
  readonly signInForm: SignInForm | undefined
  /** Undefined: everybody with an account. */
  readonly people: readonly string[] | undefined
  readonly policy: readonly PolicyRule[] | undefined
  readonly clients: 'any' | 'own'
  readonly proofOfPossession: 'offered' | 'required'
}

interface Offer {
  readonly name: string
  readonly path: string
  readonly scopes: readonly ScopeDefinition[]
  readonly accessTokens: 'opaque' | 'jwt'
  /** The file as it was named. */
  readonly icon: string | undefined
}

export interface ServedConnector extends Omit<ServedTenant, 'name'>, Offer {
  readonly kind: 'one'
}

export interface ServedTenants extends Offer {
  readonly kind: 'tenants'
  /** Undefined where a function of the file says who they are. */
  readonly known: ReadonlyMap<string, ServedTenant> | undefined
  /** Throws an `Error` for a tenant that the file describes wrongly. */
  find(tenant: string): Promise<ServedTenant | undefined>
}

export type Served = ServedConnector | ServedTenants

export interface ConnectorSources {
  /** Of the options that are no part of `connectors`. */
  read: ReadValues
  environment: Readonly<Record<string, string | undefined>>
  /** What makes the absence of an MCP server plain already. */
  isServerMisplaced: boolean
  problems: OptionProblem[]
}

/** Adds what is wrong to the problems; what it returns then is of no use. */
export function readServed({ read, environment, isServerMisplaced, problems }: ConnectorSources): Served[] {
  const several = read.given.get('connectors')
  return several === undefined
    ? readOnly(read, environment, isServerMisplaced, problems)
    : readSeveral(several, read, environment, problems)
}

/* One, from wherever */

function readOnly(
  { given, failed }: ReadValues,
  environment: ConnectorSources['environment'],
  isServerMisplaced: boolean,
  problems: OptionProblem[],
): ServedConnector[] {
  const chosen = given.get('defaultConnector')
  if (chosen !== undefined)
    problems.push({ at: chosen.at, says: 'chooses among connectors, and there is only one' })
  const upstream = readUpstream(given, environment, problems)
  if (upstream === undefined) {
    const isTold =
      isServerMisplaced ||
      ['command', 'upstream', 'connectors'].some((name) => failed.has(name as OptionName))
    const says =
      'say which MCP server to put behind the door: postern serve -- COMMAND ARGUMENTS, or --upstream URL'
    if (!isTold) problems.push({ at: 'MCP server', says })
    return []
  }
  const one = connectorOf(given, upstream, undefined)
  for (const { member, says } of strangerProblems(one))
    problems.push({ at: given.get(member as OptionName)?.at ?? member, says })
  return [one]
}

/* Several, from the file */

function readSeveral(
  { value, at: place }: Given,
  { given }: ReadValues,
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): Served[] {
  for (const { name, belongsTo } of optionDefinitions) {
    // The form of tokens may be said once for all.
    const found = belongsTo === 'door' || name === 'accessTokens' ? undefined : given.get(name)
    if (found === undefined) continue
    problems.push({ at: found.at, says: 'belongs to one MCP server; put it into that element of connectors' })
  }
  const tokens = given.get('accessTokens')
  const all = (value as unknown[]).map((element, index) =>
    readElement(element, `${place}[${index}]`, tokens, environment, problems),
  )
  const whole = all.flatMap((one, index) => (one === undefined ? [] : [{ one, index }]))
  const chosen = given.get('defaultConnector')
  // What could not be read may be the one that is chosen.
  const name = whole.length === all.length ? (chosen?.value as string | undefined) : undefined
  for (const { at, member, says } of connectorProblems(whole.map(described), name)) {
    const index = at === undefined ? undefined : whole[at]?.index
    const where = index === undefined ? (chosen?.at ?? member) : `${place}[${index}].${member}`
    problems.push({ at: where, says })
  }
  return whole.map(({ one }) => one)
}

/** Its picture is still a file. */
function described({ one }: { one: Served }): DescribedConnector {
  const { icon: _, ...rest } = one
  return one.kind === 'tenants' ? { ...rest, tenant: one.find } : rest
}

function readElement(
  element: unknown,
  place: string,
  tokens: Given | undefined,
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): Served | undefined {
  if (!isRecord(element)) {
    problems.push({ at: place, says: 'must be an object with a name, a path and an MCP server' })
    return undefined
  }
  return 'tenants' in element
    ? readTemplate(element, place, tokens, environment, problems)
    : readConnector(element, place, tokens, environment, problems)
}

function readConnector(
  element: Readonly<Record<string, unknown>>,
  place: string,
  tokens: Given | undefined,
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): ServedConnector | undefined {
  const { given, upstream } = readMembers(element, place, ['connector', 'tenant'], environment, problems)
  for (const name of ['name', 'path'] as const) {
    if (element[name] === undefined) problems.push({ at: `${place}.${name}`, says: missing[name] })
  }
  return upstream && given.has('name') && given.has('path') ? connectorOf(given, upstream, tokens) : undefined
}

const missing = {
  name: 'is missing: people are asked to allow each connector by its name',
  path: 'is missing: several connectors need a path each, such as /notes',
} as const

/** Tells a missing MCP server too. */
function readMembers(
  element: Readonly<Record<string, unknown>>,
  place: string,
  owners: readonly OptionDefinition['belongsTo'][],
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): { given: ReadValues['given']; upstream: ServedUpstream | undefined } {
  const { given, failed } = readOwn(element, place, owners, problems)
  settle(given, 'command', 'upstream', problems, 'name one MCP server: either a command or a URL')
  const upstream = readUpstream(given, environment, problems)
  const isTold = ['command', 'upstream'].some(
    (name) => element[name] !== undefined || failed.has(name as OptionName),
  )
  if (upstream === undefined && !isTold)
    problems.push({ at: place, says: 'has no MCP server; give it a command or an upstream' })
  return { given, upstream }
}

function readOwn(
  element: Readonly<Record<string, unknown>>,
  place: string,
  owners: readonly OptionDefinition['belongsTo'][],
  problems: OptionProblem[],
): ReadValues {
  problems.push(...memberProblems(element, `${place}.`, owners))
  const definitions = optionDefinitions.filter(({ belongsTo }) => owners.includes(belongsTo))
  const find = ({ name }: OptionDefinition): Given | undefined =>
    element[name] === undefined ? undefined : { value: element[name], at: `${place}.${name}`, weight: 1 }
  return readValues(definitions, find, problems)
}

function connectorOf(
  given: ReadValues['given'],
  upstream: ServedUpstream,
  tokens: Given | undefined,
): ServedConnector {
  const name = givenOr(given, 'name', defaultName(upstream))
  return { ...tenantOf(given, upstream), ...offerOf(given, name, tokens), kind: 'one' }
}

function offerOf(given: ReadValues['given'], name: string, tokens: Given | undefined): Offer {
  return {
    name,
    path: givenOr(given, 'path', defaultPath),
    scopes: givenOr(given, 'scopes', defaultScopes),
    accessTokens: givenOr(given, 'accessTokens', (tokens?.value as 'jwt' | undefined) ?? 'opaque'),
    icon: givenOr(given, 'icon', undefined),
  }
}

function tenantOf(given: ReadValues['given'], upstream: ServedUpstream): ServedTenant {
  return {
    name: givenOr(given, 'name', undefined),
    upstream,
    access: givenOr(given, 'access', 'oauth'),
    publicTools: givenOr(given, 'publicTools', undefined),
    hiddenTools: givenOr(given, 'hiddenTools', undefined),
    signInForm: givenOr(given, 'signInForm', undefined),
    people: givenOr(given, 'people', undefined),
    policy: givenOr(given, 'policy', undefined),
    clients: givenOr(given, 'clients', 'any'),
    proofOfPossession: givenOr(given, 'proofOfPossession', 'offered'),
  }
}

function givenOr<T>(given: ReadValues['given'], name: OptionName, otherwise: T): T {
  return (given.get(name)?.value as T | undefined) ?? otherwise
}

/* Tenants */

function readTemplate(
  { name, path, ...others }: Readonly<Record<string, unknown>>,
  place: string,
  tokens: Given | undefined,
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): ServedTenants | undefined {
  const { given } = readOwn(others, place, ['connector', 'template'], problems)
  const shown = readOwn({ name }, place, ['tenant'], problems).given
  if (name === undefined) problems.push({ at: `${place}.name`, says: missing.name })
  if (typeof path !== 'string')
    problems.push({ at: `${place}.path`, says: 'is missing: for tenants it looks like /t/{tenant}/mcp' })
  const tenants = given.get('tenants')
  if (tenants === undefined || !shown.has('name') || typeof path !== 'string') return undefined
  const offer = { ...offerOf(given, givenOr(shown, 'name', ''), tokens), path, kind: 'tenants' as const }
  if (typeof tenants.value === 'function') {
    const ask = tenants.value as (tenant: string) => unknown
    return {
      ...offer,
      known: undefined,
      find: (tenant) => findByFunction(ask, tenant, tenants.at, environment),
    }
  }
  const known = new Map<string, ServedTenant>()
  for (const [tenant, content] of Object.entries(tenants.value as Record<string, unknown>)) {
    if (!isTenantName(tenant)) {
      const says = 'cannot stand in a path: letters and digits, - . _ ~ between them, 64 at most'
      problems.push({ at: `${tenants.at}.${tenant}`, says })
    }
    const read = readTenant(content, `${tenants.at}.${tenant}`, environment, problems)
    if (read !== undefined) known.set(tenant, read)
  }
  return { ...offer, known, find: async (tenant) => known.get(tenant) }
}

async function findByFunction(
  ask: (tenant: string) => unknown,
  tenant: string,
  place: string,
  environment: ConnectorSources['environment'],
): Promise<ServedTenant | undefined> {
  const content = await ask(tenant)
  if (content === undefined || content === null) return undefined
  const problems: OptionProblem[] = []
  const read = readTenant(content, `${place}(${JSON.stringify(tenant)})`, environment, problems)
  if (problems.length > 0) throw new Error(problems.map(({ at, says }) => `${at}: ${says}`).join('; '))
  return read
}

function readTenant(
  content: unknown,
  place: string,
  environment: ConnectorSources['environment'],
  problems: OptionProblem[],
): ServedTenant | undefined {
  if (!isRecord(content)) {
    problems.push({ at: place, says: 'must be an object with an MCP server' })
    return undefined
  }
  const { given, upstream } = readMembers(content, place, ['tenant'], environment, problems)
  const tenant = upstream && tenantOf(given, upstream)
  for (const { member, says } of tenant === undefined ? [] : strangerProblems(tenant))
    problems.push({ at: `${place}.${member}`, says })
  return tenant
}
