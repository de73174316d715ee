/** Asks the person, and sends the answer back (OAuth 2.1 §4.1.2; house rules 7 and 11): the second half of the authorization endpoint. */

import { accountDetour, type ReturnFault } from '../credentials/wallet.ts'
import { forgedForm } from '../identity/request-browser.ts'
import { formatAuthorizationResponse } from '../oauth/authorization-response.ts'
import { concern, type ErrorSubject, OAuthError } from '../oauth/errors.ts'
import { isLocalRedirect, redirectHost, type TrustedRedirect, trustRedirect } from '../oauth/redirect-uri.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import { formatScope, type ScopeDefinition } from '../oauth/scope.ts'
import { equalInConstantTime, hashToken } from '../platform/crypto.ts'
import type {
  AuthorizationCodeRecord,
  PendingAuthorizationRecord,
  PendingDecision,
  UserRecord,
} from '../storage/storage.ts'
import { consentPage } from '../ui/consent.ts'
import { type CredentialView, credentialOwnerField } from '../ui/credential.ts'
import { departurePage } from '../ui/departure.ts'
import { errorPage } from '../ui/error.ts'
import { pageResponse } from '../ui/layout.ts'
import { type Client, type Clients, clientNameOf, isOneRegistration } from './clients.ts'
import { endpointPaths } from './endpoints/metadata.ts'
import type { RateLimits } from './rate-limits.ts'
import { readForm } from './request-body.ts'
import type { AuthorizationServerSettings, GuardedResource } from './settings.ts'
import type { Tokens } from './tokens.ts'

export interface Consent {
  /** The browser comes back, from sign-in or by a reload: the page, or what has to come before it. */
  resume(request: Request, pendingId: string): Promise<Response>
  /** The person approved or denied; a second submission of the same form gets the first one's answer. */
  decide(request: Request): Promise<Response>
  /** The browser comes back from another provider, where an account was to be connected after the person approved. */
  comeBack(request: Request): Promise<Response>
}

/** The short address of a stored request. */
export function requestPath(pendingId: string): string {
  return `${endpointPaths.authorization}?request=${pendingId}`
}

export function createConsent(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  limits: RateLimits,
): Consent {
  const { storage, login, clock, telemetry } = settings

  async function resume(request: Request, pendingId: string): Promise<Response> {
    const pending = await findPending(request, pendingId)
    const user = await login.whoIsThere(request)
    if (user === undefined) return login.sendToLogin(request, requestPath(pendingId))
    limits.take('decisions', user.userId)
    if (pending.decision !== undefined) return answerAgain(pending, pending.decision, user)
    const client = await findClient(pending)
    const resource = await resourceOf(pending)
    if (!(await resource.mayUse(user))) return turnAway(request, pending, resource, user)
    return show(request, { pending, client, user, resource })
  }

  /**
   * Somebody came back to a page that was answered, perhaps because the application never opened: the same
   * answer once more, as long as its code waits. A code that was used must not travel again: its replay revokes.
   */
  async function answerAgain(
    pending: PendingAuthorizationRecord,
    decision: PendingDecision,
    user: UserRecord,
  ): Promise<Response> {
    if (decision.kind === 'denied') return sendBack(pending, decision)
    const code = await storage.findAuthorizationCode(
      hashToken(tokens.codeFor(pending.pendingId, decision.userId)),
    )
    const isWaiting = code !== undefined && code.grantId === undefined && code.expiresAt > clock()
    if (!isWaiting || decision.userId !== user.userId) throw new OAuthError('invalid_request', answered)
    return sendBack(pending, decision)
  }

  async function show(
    request: Request,
    { pending, client, user, resource }: Question,
    again?: { status: number; credential: CredentialView; scope: readonly string[] },
  ): Promise<Response> {
    const credential =
      again?.credential ?? (await resource.wallet?.view(user.userId, faultOfReturn(new URL(request.url))))
    const asked = resource.scopes.filter(({ name }) => pending.scope.includes(name))
    const page = consentPage({
      brand: settings.brand,
      homePath: '/',
      client: {
        name: clientNameOf(client, pending.redirectUri) ?? '',
        isSelfAsserted: isOneRegistration(client),
        clientIdHost: client.kind === 'document' ? new URL(client.clientId).host : undefined,
        redirectHost: redirectHost(pending.redirectUri),
        isLocal: isLocalRedirect(pending.redirectUri),
      },
      connector: { name: resource.name, url: resource.identifier, icon: resource.icon },
      user: { username: user.username, displayName: user.displayName },
      scopes: asked.map((scope) => ({
        ...scope,
        optional: isOptional(scope, asked),
        checked: again === undefined || again.scope.includes(scope.name),
      })),
      credential: credential && { ...credential, forUser: user.userId },
      tools: await resource.tools(),
      csrf: login.browserOf(request).csrf(csrfPurpose(pending.pendingId)),
      action: requestPath(pending.pendingId),
      signOut: login.signOutForm(request, requestPath(pending.pendingId)),
      redirectUri: pending.redirectUri,
    })
    telemetry.emit('consent.shown', pending.flowId, { clientId: pending.clientId, userId: user.userId })
    return pageResponse(page, again?.status)
  }

  /** The person may have another account, so this is a page and not yet the client's answer. */
  function turnAway(
    request: Request,
    pending: PendingAuthorizationRecord,
    resource: GuardedResource,
    user: UserRecord,
  ): Response {
    const fields = { clientId: pending.clientId, userId: user.userId, connector: resource.place }
    telemetry.emit('consent.refused', pending.flowId, fields)
    const problem = {
      kind: 'not-for-you',
      connector: resource.name,
      username: user.username,
      signOut: login.signOutForm(request, requestPath(pending.pendingId)),
    } as const
    const view = { brand: settings.brand, homePath: '/', errorId: undefined, problem }
    return pageResponse(errorPage(view), 403)
  }

  async function decide(request: Request): Promise<Response> {
    const pendingId = new URL(request.url).searchParams.get('request') ?? ''
    const form = await readForm(request)
    if (!login.isGenuinePost(request, form, csrfPurpose(pendingId))) {
      const pending = await storage.findPendingAuthorization(pendingId, clock())
      throw concern(forgedForm(), subjectOfRequest(pending))
    }
    const pending = await findPending(request, pendingId)
    const user = await login.whoIsThere(request)
    if (user === undefined) return login.sendToLogin(request, requestPath(pendingId))
    limits.take('decisions', user.userId)
    const resource = await resourceOf(pending)
    if (!(await resource.mayUse(user))) return turnAway(request, pending, resource, user)
    const decision = readDecision(form, pending, user, resource)
    if (decision.kind === 'approved' && pending.decision === undefined) {
      const asked = await settleCredential(request, form, { pending, user, resource }, decision.scope)
      if (asked !== undefined) return asked
    }
    return settle(pending, decision)
  }

  async function settle(pending: PendingAuthorizationRecord, decision: PendingDecision): Promise<Response> {
    const stands = await storage.decidePendingAuthorization(
      pending.pendingId,
      decision,
      codeFor(pending, decision),
      clock(),
    )
    if (stands?.decision === undefined) throw new OAuthError('invalid_request', over, { occasion: 'expired' })
    emitDecision(stands, stands.decision, pending.decision === undefined)
    return sendBack(stands, stands.decision)
  }

  /** Before anything is decided: without it the connection would be good for nothing. Undefined where nothing is left to ask. */
  async function settleCredential(
    request: Request,
    form: URLSearchParams,
    question: Omit<Question, 'client'>,
    scope: readonly string[],
  ): Promise<Response | undefined> {
    const { pending, user, resource } = question
    const { wallet } = resource
    if (wallet === undefined) return undefined
    // Somebody else may have signed in in another tab, while this page was open: what was typed here is not theirs.
    const isStale = form.get(credentialOwnerField) !== user.userId
    const { browserHash } = login.browserOf(request)
    const carried = { pendingId: pending.pendingId, scope }
    const accepted = isStale
      ? await wallet.startOver(user.userId)
      : await wallet.accept({ userId: user.userId, flowId: pending.flowId, browserHash, carried }, form)
    if (accepted.outcome === 'ready') return undefined
    if (accepted.outcome === 'elsewhere') {
      const { provider, location: url } = accepted
      return pageResponse(departurePage({ brand: settings.brand, homePath: '/', provider, url }))
    }
    const client = await findClient(pending)
    return show(
      request,
      { ...question, client },
      { status: accepted.status, credential: accepted.view, scope },
    )
  }

  /** House rule 11: single use, and only in the browser that was sent. What the other side said is never passed on. */
  async function comeBack(request: Request): Promise<Response> {
    const answer = new URL(request.url)
    const { browserHash } = login.browserOf(request)
    const state = answer.searchParams.get('state') ?? ''
    const errand = await settings.detours.finish(accountDetour, browserHash, state)
    if (errand === undefined) throw new OAuthError('invalid_request', over, { occasion: 'expired' })
    const { userId, secret, carried } = errand as unknown as AccountErrand
    const pending = await findPending(request, carried.pendingId)
    const user = await login.whoIsThere(request)
    // Another person has signed in meanwhile: the account is not theirs.
    if (user?.userId !== userId) return seeAgain(pending)
    const resource = await resourceOf(pending)
    if (!(await resource.mayUse(user))) return turnAway(request, pending, resource, user)
    const returned = await resource.wallet?.finish({ userId, flowId: pending.flowId }, answer, secret)
    if (returned !== 'connected') return seeAgain(pending, returned)
    if (pending.decision !== undefined) return answerAgain(pending, pending.decision, user)
    return settle(pending, { kind: 'approved', scope: carried.scope, userId, decidedAt: clock() })
  }

  function seeAgain({ pendingId }: PendingAuthorizationRecord, fault?: ReturnFault): Response {
    const location = requestPath(pendingId) + (fault === undefined ? '' : `&${faultParameter}=${fault}`)
    return seeOther(location)
  }

  async function findClient(pending: PendingAuthorizationRecord): Promise<Client> {
    const client = await clients.find(pending.clientId)
    if (client !== undefined) return client
    throw new OAuthError('invalid_client', 'the application is not known here any more', {
      occasion: 'unknown-client',
    })
  }

  async function findPending(request: Request, pendingId: string): Promise<PendingAuthorizationRecord> {
    const pending = await storage.findPendingAuthorization(pendingId, clock())
    if (pending === undefined) throw new OAuthError('invalid_request', over, { occasion: 'expired' })
    // Else a stranger could have a person approve, in the person's own browser, a request that the stranger began.
    if (!equalInConstantTime(pending.browserHash, login.browserOf(request).browserHash)) {
      const elsewhere = new OAuthError(
        'invalid_request',
        'this request was begun in another browser; start again from the application',
      )
      throw concern(elsewhere, subjectOfRequest(pending))
    }
    return pending
  }

  async function resourceOf(pending: PendingAuthorizationRecord): Promise<GuardedResource> {
    const resource = await settings.resources.find(pending.resource as ResourceIdentifier)
    if (resource === undefined)
      throw new OAuthError('invalid_target', 'this connector is not served here any more')
    return resource
  }

  function readDecision(
    form: URLSearchParams,
    pending: PendingAuthorizationRecord,
    user: UserRecord,
    resource: GuardedResource,
  ): PendingDecision {
    const decidedAt = clock()
    if (form.get('decision') !== 'approve') return { kind: 'denied', decidedAt }
    const ticked = new Set(form.getAll('scope'))
    const asked = resource.scopes.filter(({ name }) => pending.scope.includes(name))
    const scope = asked
      .filter((one) => !isOptional(one, asked) || ticked.has(one.name))
      .map(({ name }) => name)
    if (scope.length === 0) return { kind: 'denied', decidedAt }
    return { kind: 'approved', scope, userId: user.userId, decidedAt }
  }

  function codeFor(
    pending: PendingAuthorizationRecord,
    decision: PendingDecision,
  ): AuthorizationCodeRecord | undefined {
    if (decision.kind === 'denied') return undefined
    return {
      codeHash: hashToken(tokens.codeFor(pending.pendingId, decision.userId)),
      flowId: pending.flowId,
      clientId: pending.clientId,
      userId: decision.userId,
      redirectUri: pending.redirectUri,
      resource: pending.resource,
      scope: decision.scope,
      codeChallenge: pending.codeChallenge,
      keyThumbprint: pending.keyThumbprint,
      createdAt: decision.decidedAt,
      expiresAt: decision.decidedAt + settings.lifetimes.authorizationCodeSeconds,
      wrongVerifiers: 0,
      grantId: undefined,
    }
  }

  function emitDecision(
    pending: PendingAuthorizationRecord,
    decision: PendingDecision,
    isFirst: boolean,
  ): void {
    if (!isFirst) return
    const fields = { clientId: pending.clientId, redirectHost: redirectHost(pending.redirectUri) }
    if (decision.kind === 'denied') {
      telemetry.emit('consent.denied', pending.flowId, fields)
      return
    }
    const { userId, scope } = decision
    telemetry.emit('consent.approved', pending.flowId, { ...fields, userId, scope: formatScope(scope) })
  }

  function sendBack(pending: PendingAuthorizationRecord, decision: PendingDecision): Response {
    const answer =
      decision.kind === 'approved'
        ? { code: tokens.codeFor(pending.pendingId, decision.userId), state: pending.state }
        : { error: 'access_denied', errorDescription: 'the person declined', state: pending.state }
    const location = formatAuthorizationResponse(trustAgain(pending), settings.issuer, answer)
    return seeOther(location)
  }

  return { resume, decide, comeBack }
}

/** What was kept of whoever was sent to connect an account. */
interface AccountErrand {
  userId: string
  secret: Readonly<Record<string, string>>
  carried: { pendingId: string; scope: readonly string[] }
}

/** In the address of the page that is shown again after a return. */
const faultParameter = 'account'

function faultOfReturn({ searchParams }: URL): ReturnFault | undefined {
  const said = searchParams.get(faultParameter)
  return said === 'declined' || said === 'failed' ? said : undefined
}

/** 303, so that the browser asks the callback by GET: a POST there ends in "Method Not Allowed" (claude-ai-mcp#313). */
function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}

/** Who is asked by whom, and for what. */
interface Question {
  pending: PendingAuthorizationRecord
  client: Client
  user: UserRecord
  resource: GuardedResource
}

function subjectOfRequest(pending: PendingAuthorizationRecord | undefined): ErrorSubject {
  return { flowId: pending?.flowId, clientId: pending?.clientId }
}

/** It was compared with its client's registration before the request was stored, and storage is ours. */
function trustAgain(pending: PendingAuthorizationRecord): TrustedRedirect {
  const redirect = trustRedirect(pending.redirectUri, [pending.redirectUri])
  if (redirect === undefined) throw new OAuthError('server_error', 'the stored redirect cannot be used')
  return redirect
}

/** The last thing left cannot be unticked: approving nothing is denying. */
function isOptional(scope: ScopeDefinition, asked: readonly ScopeDefinition[]): boolean {
  return scope.optional && asked.length > 1
}

function csrfPurpose(pendingId: string): string {
  return `consent:${pendingId}`
}

const over = 'this request is over or unknown; start again from the application'
const answered = 'this request was answered already; go back to the application'
