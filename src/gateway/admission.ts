/** Who may ask: Host, Origin, token, in that order and before anything else is looked at (house rules 12 and 17, RFC 6750, requirements MUX-02 and MUX-03). */

import type { CallerCredential } from '../credentials/caller-credential.ts'
import { jsonRpcCodes } from '../mcp/json-rpc.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import type { TokenHash } from '../platform/crypto.ts'
import type { Access } from './connector-settings.ts'
import { hostOf } from './cross-origin.ts'
import { asHttp, type ProtectedResource, signInDemand } from './protected-resource.ts'
import { Refusal, RpcRefusal } from './refusal.ts'
import { ssePath } from './sse-clients.ts'
import { isStranger, sharedStranger } from './stranger.ts'
import type { Trace } from './trace.ts'

/** Whose token it is. */
export interface Principal {
  userId: string
  clientId: string
  grantId: string
  flowId: string
  scope: readonly string[]
  /** Of the token that was shown. */
  tokenHash?: TokenHash
  /** What the operator's policy knows the person by; the role is one of them. */
  groups?: readonly string[]
  /** What the upstream is called with in their name; undefined where that is the same for everybody. */
  credential?: CallerCredential | undefined
}

/** A token that is refused, yet is known: whose it was, and why it is not good. */
export interface DeadToken {
  why: string
  userId: string
  clientId: string
  grantId: string
  flowId: string
}

/** How a token is shown: by which scheme, with which proof of the key that it may be bound to (RFC 9449 §7.1), to which address. `goes-on`: it was judged when the stream began. */
export type TokenUse =
  | { scheme: TokenScheme; proof: string | undefined; method: string; urls: readonly string[] }
  | 'goes-on'
  /** The token is a hash: another instance was shown what it is of, and has judged it (house rule 13). */
  | 'passed'

export type TokenScheme = 'Bearer' | 'DPoP'

export type FindPrincipal = (
  token: string,
  resource: ResourceIdentifier,
  use: TokenUse,
) => Promise<Principal | undefined>

export interface AdmissionRules {
  access: Access
  guarded: ProtectedResource
  findPrincipal: FindPrincipal
  /** For the log alone. */
  findDeadToken?: ((token: string) => Promise<DeadToken | undefined>) | undefined
  allowedHosts: (host: string) => boolean
  allowedOrigins: (origin: string) => boolean
  /** Of a request that another instance has passed on: the hash of its token. */
  passedToken?: (request: Request) => TokenHash | undefined
}

export function admit(request: Request, rules: AdmissionRules, trace: Trace): Promise<Principal> {
  guardHost(request, rules)
  guardOrigin(request, rules)
  return authenticate(request, rules, trace)
}

/** Whether the token that opened a stream is still good for it. */
export async function isStillAdmitted(
  request: Request,
  rules: AdmissionRules,
  principal: Principal,
): Promise<boolean> {
  if (isStranger(principal)) return true
  const passed = rules.passedToken?.(request)
  const now =
    passed === undefined
      ? await rules.findPrincipal(readCredential(request)?.token ?? '', rules.guarded.resource, 'goes-on')
      : await rules.findPrincipal(passed, rules.guarded.resource, 'passed')
  return now?.userId === principal.userId && now.clientId === principal.clientId
}

/** Against DNS rebinding: a page that makes its own name point here still says that name (house rule 12). */
function guardHost(request: Request, { allowedHosts }: AdmissionRules): void {
  const host = hostOf(request)
  if (allowedHosts(host)) return
  throw new RpcRefusal(
    421,
    jsonRpcCodes.serverError,
    `this server does not answer for ${JSON.stringify(host)}`,
  )
}

function guardOrigin(request: Request, { allowedOrigins }: AdmissionRules): void {
  const origin = request.headers.get('origin')
  if (origin === null || allowedOrigins(origin)) return
  throw new RpcRefusal(
    403,
    jsonRpcCodes.serverError,
    `pages of ${JSON.stringify(origin)} may not call this server`,
  )
}

/** On every method, before the body is looked at: whoever has no token learns nothing but where to get one. */
async function authenticate(request: Request, rules: AdmissionRules, trace: Trace): Promise<Principal> {
  const { access, guarded } = rules
  if (access === 'none') return stranger(trace)
  const passed = rules.passedToken?.(request)
  if (passed !== undefined) return admitPassed(passed, request, rules, trace)
  const credential = readCredential(request)
  if (credential === undefined) {
    if (access === 'lazy' && !isEager(request)) return stranger(trace)
    throw new Refusal('no token', asHttp(signInDemand(guarded, request, false)))
  }
  const { scheme, token } = credential
  // Also for tokens from before it was so.
  if (guarded.boundTokensOnly && scheme !== 'DPoP') throw refusedToken(request, guarded, 'a bearer token')
  const principal = await rules.findPrincipal(token, guarded.resource, useOf(request, scheme, guarded))
  if (principal === undefined) {
    const dead = await rules.findDeadToken?.(token)
    if (dead !== undefined) concern(trace, dead)
    throw refusedToken(request, guarded, `invalid token${dead === undefined ? '' : `: ${dead.why}`}`)
  }
  concern(trace, principal)
  return principal
}

/** The other instance has judged how it was shown; whose it is, and whether it is still good, is looked up here. */
async function admitPassed(
  tokenHash: TokenHash,
  request: Request,
  { guarded, findPrincipal }: AdmissionRules,
  trace: Trace,
): Promise<Principal> {
  const principal = await findPrincipal(tokenHash, guarded.resource, 'passed')
  if (principal === undefined) throw refusedToken(request, guarded, 'invalid token of a passed request')
  concern(trace, principal)
  return principal
}

/** A token that is not good, or is no longer of use: its client asks its person to connect again. */
export function refusedToken(request: Request, guarded: ProtectedResource, reason: string): Refusal {
  return new Refusal(reason, asHttp(signInDemand(guarded, request, true)))
}

function concern(trace: Trace, { flowId, userId, clientId, grantId }: Principal | DeadToken): void {
  trace.flowId = flowId
  trace.fields = { userId, clientId, grantId }
}

/**
 * The same resource by a URL that asks for a token at once: a client that looks whether a server wants a sign-in when it
 * is added takes the 200 of a lazy connector for "none" (anthropics/claude-ai-mcp#1064). A query is no part of a resource.
 */
export const eagerQuery = 'auth=eager'

function isEager(request: Request): boolean {
  return new URL(request.url).searchParams.getAll('auth').includes('eager')
}

/** RFC 6750 §2.1, RFC 9449 §7.1; never from query or body (RFC 6750 §2.2, §2.3), which end up in logs. */
function readCredential(request: Request): { scheme: TokenScheme; token: string } | undefined {
  const header = request.headers.get('authorization')
  const [, scheme, token] = /^(bearer|dpop) +(\S.*)$/i.exec(header?.trim() ?? '') ?? []
  if (scheme === undefined || token === undefined) return undefined
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token }
}

/** By the public name of the resource, whatever a proxy made of the address; a final slash makes no other one (house rule 8), nor does the address of HTTP+SSE. */
function useOf(request: Request, scheme: TokenScheme, { resource }: ProtectedResource): TokenUse {
  const proof = request.headers.get('dpop') ?? undefined
  return { scheme, proof, method: request.method, urls: [resource, `${resource}/`, resource + ssePath] }
}

/** Scopes mean nothing where nobody signs in. */
function stranger({ flowId }: Trace): Principal {
  return { userId: sharedStranger, clientId: '', grantId: '', flowId, scope: [] }
}
