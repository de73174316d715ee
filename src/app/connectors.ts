/** The connectors behind one door: each with a gateway and a resource of its own, those of tenants opened when they are first asked for (house rule 8). */

import type { GuardedResource, GuardedResources, ToolDescription } from '../authorization-server/settings.ts'
import { operatorCredential } from '../credentials/caller-credential.ts'
import type { Statements } from '../credentials/statements.ts'
import type { StatementCredential } from '../credentials/upstream-credential.ts'
import type { PersonalCredential, Wallet, WalletOptions } from '../credentials/wallet.ts'
import type { Access, ConnectorSettings, FindPrincipal, Gateway } from '../gateway/gateway.ts'
import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import { type ResourceIdentifier, resourceIdentifier } from '../oauth/resource-indicators.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'
import type { Clock } from '../platform/clock.ts'
import { revokedBecause } from '../storage/limits.ts'
import type { Storage } from '../storage/storage.ts'
import {
  type ConnectorPlan,
  type ConnectorRules,
  credentialOf,
  type Person,
  readPeople,
  readStrangerRules,
  scopesOf,
  type TenantConnectorOptions,
} from './connector-options.ts'
import { tenantIn, tenantPlaceholder } from './connector-path.ts'

export interface Connector {
  readonly name: string
  readonly path: string
  readonly resource: ResourceIdentifier
  readonly access: Access
  /** A `data:` URL. */
  readonly icon: string | undefined
  readonly gateway: Gateway
}

export interface Connectors {
  /** Those that stand from the start. */
  readonly fixed: readonly Connector[]
  /** Whose metadata stands at the root. */
  readonly standard: Connector | undefined
  /** True if there is anything to sign in for. */
  readonly isGuarded: boolean
  readonly resources: GuardedResources
  /** Undefined at once where the path is no tenant's: no other request waits for one. */
  findTenant(path: string): Promise<Connector | undefined> | undefined
  forgetTenant(path: string): Promise<void>
  close(): Promise<void>
}

export interface ConnectorsOptions {
  plan: ConnectorPlan
  issuer: Issuer
  storage: Pick<Storage, 'findUser' | 'revokeGrant'>
  findPrincipal: FindPrincipal
  openGateway(settings: ConnectorSettings, findPrincipal: FindPrincipal): Gateway
  callAs: Statements
  openWallet(
    credential: PersonalCredential,
    connector: string,
    checkByServer: WalletOptions['checkByServer'],
  ): Wallet
  clock: Clock
}

/**
 * Tenants that are open at one time. Beyond it one is closed that nobody has signed in to, else the one used longest
 * ago: names that were merely tried must not close what others work with.
 */
const maximumTenants = 1000

export function createConnectors(options: ConnectorsOptions): Connectors {
  const { plan, issuer } = options
  const tenants = new Map<string, OpenTenant>()
  const fixed = plan.fixed.map((one) => open(one.name, one.path, one, one))
  const standard = fixed.find(({ path }) => path === plan.standard)
  const guarded = fixed.flatMap((connector) => connector.guarded ?? [])

  function open(
    name: string,
    path: string,
    offer: ConnectorOffer,
    rules: ConnectorRules,
    onEntered?: () => void,
  ): OpenConnector {
    const { access = 'oauth', upstream, signInForm, clients = 'any' } = rules
    const boundTokensOnly = rules.proofOfPossession === 'required'
    const { accessTokens = 'opaque', icon } = offer
    const scopes = scopesOf(offer)
    const resource = resourceIdentifier(issuer, path)
    const people = readPeople(rules)
    const mayUse = async (person: Person): Promise<boolean> => (await people?.(person)) ?? true
    const entered: FindPrincipal =
      onEntered === undefined
        ? options.findPrincipal
        : async (token, wanted, use) => {
            const principal = await options.findPrincipal(token, wanted, use)
            if (principal !== undefined) onEntered()
            return principal
          }

    /** Asked at every call: who is taken off the list is out, whatever token they hold. */
    const entering: FindPrincipal = async (token, wanted, use) => {
      const principal = await entered(token, wanted, use)
      if (principal === undefined) return undefined
      const person = await options.storage.findUser(principal.userId)
      if (person === undefined || !(await mayUse(person))) return undefined
      return {
        ...principal,
        groups: [person.role, ...groupsElsewhere(person), ...((await rules.groups?.(person)) ?? [])],
      }
    }
    const credential = credentialOf(rules, name)
    const wallet =
      credential === undefined || credential.kind === 'fixed' || credential.kind === 'statement'
        ? undefined
        : options.openWallet(credential, path, (use) => gateway.tryCredential(use))

    /** Whoever has no credential any more has to connect again, which a grant that could be refreshed would hinder. */
    const equipped =
      (find: FindPrincipal, own: Wallet): FindPrincipal =>
      async (token, wanted, use) => {
        const principal = await find(token, wanted, use)
        if (principal === undefined) return undefined
        const { userId, flowId, grantId } = principal
        const endGrant = async (): Promise<void> => {
          await options.storage.revokeGrant(grantId, options.clock(), revokedBecause.credentialMissing)
        }
        const found = await own.find(userId, flowId, endGrant)
        if (found === undefined) await endGrant()
        return found && { ...principal, credential: found }
      }
    /** An account that is gone has nobody whom a statement could be about. */
    const stated =
      (find: FindPrincipal, statement: StatementCredential): FindPrincipal =>
      async (token, wanted, use) => {
        const principal = await find(token, wanted, use)
        const person = principal && (await options.storage.findUser(principal.userId))
        return person && { ...principal, credential: options.callAs(statement, person) }
      }
    const arePeopleTold = people !== undefined || rules.policy?.some(({ groups }) => groups !== undefined)

    const find = arePeopleTold ? entering : entered

    const gateway: Gateway = options.openGateway(
      {
        name,
        path,
        resource,
        scopes,
        upstream,
        credential: credential?.kind === 'fixed' ? operatorCredential(credential.headers) : undefined,
        access,
        strangers: readStrangerRules(rules, name),
        signInForm,
        boundTokensOnly,
        policy: rules.policy,
      },
      wallet !== undefined
        ? equipped(find, wallet)
        : credential?.kind === 'statement'
          ? stated(find, credential)
          : find,
    )

    const resourceOfConnector: GuardedResource = {
      identifier: resource,
      name,
      place: path,
      icon,
      scopes,
      accessTokens,
      tools: () => toolsByScope(gateway, scopes),
      boundTokensOnly,
      ownClientsOnly: clients === 'own',
      mayUse,
      wallet,
    }
    const guarded = access === 'none' ? undefined : resourceOfConnector
    return { name, path, resource, access, icon, gateway, guarded }
  }

  /* Tenants */

  function findTenant(path: string): Promise<OpenConnector | undefined> | undefined {
    for (const template of plan.templates) {
      const tenant = tenantIn(path, template.path)
      if (tenant !== undefined) return openTenant(template, tenant)
    }
    return undefined
  }

  function openTenant(template: TenantConnectorOptions, tenant: string): Promise<OpenConnector | undefined> {
    const path = template.path.replace(tenantPlaceholder, tenant)
    const known = tenants.get(path)
    if (known !== undefined) {
      // A Map iterates in the order of insertion: what is inserted anew is closed last.
      tenants.delete(path)
      tenants.set(path, known)
      return known.opened
    }
    const entry: OpenTenant = { opened: begin(), isEntered: false }
    tenants.set(path, entry)
    makeRoom()
    const forget = (): void => {
      if (tenants.get(path) === entry) tenants.delete(path)
    }
    entry.opened.then((found) => found === undefined && forget(), forget)
    return entry.opened

    async function begin(): Promise<OpenConnector | undefined> {
      const rules = await template.tenant(tenant)
      if (rules === undefined) return undefined
      const name = rules.name ?? `${template.name} ${tenant}`
      return open(name, path, template, rules, () => {
        entry.isEntered = true
      })
    }
  }

  function makeRoom(): void {
    if (tenants.size <= maximumTenants) return
    const all = [...tenants].slice(0, -1)
    const [path] = all.find(([, { isEntered }]) => !isEntered) ?? all[0] ?? []
    if (path !== undefined) void forgetTenant(path)
  }

  async function forgetTenant(path: string): Promise<void> {
    const entry = tenants.get(path)
    tenants.delete(path)
    const connector = await entry?.opened.catch(() => undefined)
    await connector?.gateway.close()
  }

  /* For the authorization server */

  async function find(identifier: ResourceIdentifier): Promise<GuardedResource | undefined> {
    const own = guarded.find((resource) => resource.identifier === identifier)
    if (own !== undefined || !identifier.startsWith(`${issuer}/`)) return own
    return (await findTenant(identifier.slice(issuer.length)))?.guarded
  }

  const scopes = [...guarded.map((resource) => resource.scopes), ...plan.templates.map(scopesOf)].flat()
  return {
    fixed,
    standard,
    isGuarded: guarded.length > 0 || plan.templates.length > 0,
    resources: {
      standing: guarded,
      standard: standard?.guarded,
      offeredScopes: [...new Set(scopes.map(({ name }) => name))],
      find,
    },
    findTenant,
    forgetTenant,
    async close() {
      const closing = [...tenants.keys()].map(forgetTenant)
      await Promise.all([...fixed.map(({ gateway }) => gateway.close()), ...closing])
    },
  }
}

/** What a provider says; a group there that is called as a role here makes nobody that. */
function groupsElsewhere({ outside }: Person): string[] {
  return outside?.groups.filter((group) => group !== 'admin' && group !== 'member') ?? []
}

/** What does not differ between the tenants of one template. */
type ConnectorOffer = Pick<TenantConnectorOptions, 'scopes' | 'accessTokens' | 'icon'>

interface OpenConnector extends Connector {
  readonly guarded: GuardedResource | undefined
}

interface OpenTenant {
  readonly opened: Promise<OpenConnector | undefined>
  /** Somebody came in with a good token. */
  isEntered: boolean
}

/** For the consent page: a read-only tool stands under `read`, any other under `write`, as the gateway judges them. */
async function toolsByScope(
  gateway: Gateway,
  scopes: readonly ScopeDefinition[],
): Promise<ToolDescription[] | undefined> {
  const tools = await gateway.catalogue()
  const fallback = scopes.at(-1)?.name ?? ''
  const known = (name: string): string => (scopes.some((scope) => scope.name === name) ? name : fallback)
  return tools?.map((tool) => ({ ...tool, scope: known(tool.readOnly ? 'read' : 'write') }))
}
