/** The page on which a person sees what is connected in their name, and ends it. */

import type { Login } from '../identity/login.ts'
import { isLocalRedirect, redirectHost } from '../oauth/redirect-uri.ts'
import type { Clock } from '../platform/clock.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { GrantRecord, TokenStorage, UsageStorage, UserRecord } from '../storage/storage.ts'
import { accountPage, type ConnectedApp } from '../ui/account.ts'
import type { Brand } from '../ui/brand.ts'
import type { PageLink } from '../ui/layout.ts'

export interface AccountOptions {
  storage: Pick<TokenStorage, 'listGrants' | 'findGrant' | 'revokeGrant'> & Pick<UsageStorage, 'listToolUses'>
  login: Login
  brand: Brand
  /** By the resource of its tokens; undefined for one that is not there any more. */
  findConnector(resource: string): Promise<AccountConnector | undefined>
  /** Which pages there are for this person. */
  linksFor(user: UserRecord): readonly PageLink[]
  telemetry: Telemetry
  clock: Clock
}

export interface AccountConnector {
  name: string
  /** A `data:` URL. */
  icon: string | undefined
  scopes: readonly { name: string; label: string }[]
}

export interface Account {
  show(request: Request): Promise<Response>
  disconnect(request: Request): Promise<Response>
}

export const accountPath = '/account'

/** More than one person connects; the oldest are not shown. */
const maximumApps = 200

/** The `revokedReason` of a grant that its person ended here. */
const endedByPerson = 'disconnected'

export function createAccount(options: AccountOptions): Account {
  const { storage, login, brand, telemetry, clock } = options

  async function show(request: Request): Promise<Response> {
    const user = await login.whoIsThere(request)
    if (user === undefined) return login.sendToLogin(request, accountPath)
    const now = clock()
    const grants = (await storage.listGrants({ userId: user.userId }, maximumApps)).filter(isLive(now))
    const page = accountPage({
      brand,
      homePath: '/',
      links: options.linksFor(user),
      visitor: { ...user, signOut: login.signOutForm(request, '/') },
      apps: await Promise.all(grants.map(appOf)),
      disconnected: await findDisconnected(request, user),
      action: accountPath,
      csrf: login.browserOf(request).csrf('account'),
      now,
    })
    return login.show(request, page)
  }

  /** Its tokens are dead when this answers. */
  async function disconnect(request: Request): Promise<Response> {
    const user = await login.whoIsThere(request)
    if (user === undefined) return login.sendToLogin(request, accountPath)
    const form = await login.readGenuineForm(request, 'account')
    const grant = await storage.findGrant(form.get('grant') ?? '')
    // One of somebody else is as good as none.
    if (grant === undefined || grant.userId !== user.userId) return seeOther(accountPath)
    if (await storage.revokeGrant(grant.grantId, clock(), endedByPerson)) {
      const { grantId, flowId, clientId, clientName } = grant
      telemetry.emit('account.disconnected', flowId, { userId: user.userId, grantId, clientId, clientName })
    }
    return seeOther(`${accountPath}?ended=${encodeURIComponent(grant.grantId)}`)
  }

  async function appOf(grant: GrantRecord): Promise<ConnectedApp> {
    const connector = await options.findConnector(grant.resource)
    const uses = await storage.listToolUses(grant.grantId)
    const labels = new Map(connector?.scopes.map(({ name, label }) => [name, label]))
    return {
      grantId: grant.grantId,
      client: grant.clientName,
      redirectHost: redirectHost(grant.redirectUri),
      isLocal: isLocalRedirect(grant.redirectUri),
      connector: { name: connector?.name ?? grant.resource, icon: connector?.icon },
      scopes: grant.scope.map((name) => labels.get(name) ?? name),
      since: grant.createdAt,
      lastUsedAt: grant.lastUsedAt > grant.createdAt || uses.length > 0 ? grant.lastUsedAt : undefined,
      tools: uses.map(({ tool, calls, lastAt }) => ({ name: tool, calls, lastAt })),
    }
  }

  /** Told once, on the page that follows; a link to it tells nobody else anything. */
  async function findDisconnected(request: Request, user: UserRecord): Promise<string | undefined> {
    const ended = new URL(request.url).searchParams.get('ended')
    const grant = ended === null ? undefined : await storage.findGrant(ended)
    const isOwn = grant !== undefined && grant.userId === user.userId
    return isOwn && grant.revokedReason === endedByPerson ? grant.clientName : undefined
  }

  return { show, disconnect }
}

function isLive(now: number): (grant: GrantRecord) => boolean {
  return ({ revokedAt, expiresAt }) => revokedAt === undefined && expiresAt > now
}

/** So that a reload disconnects nothing twice. */
function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
