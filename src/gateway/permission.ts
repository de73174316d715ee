/** What a caller may ask, decided on the parsed body and before the upstream hears of it: what is public, and what a token's scope allows (house rule 6, requirements GW-11 and ASU-13). */

import { isRequest, type JsonRpcMessage, type JsonRpcRequest, jsonRpcCodes, metaOf } from '../mcp/json-rpc.ts'
import { clientInfoMeta } from '../mcp/protocol-version.ts'
import { eraOf, sessionHeader } from '../mcp/streamable-http.ts'
import type { Principal } from './admission.ts'
import type { MessageBody } from './body.ts'
import type { Catalogue } from './catalogue.ts'
import type { ConnectorSettings } from './connector-settings.ts'
import { inBandClients, isPublic, type StrangerRules } from './lazy-access.ts'
import { isAmbiguous, missingScopes, toolOf } from './policy.ts'
import {
  asHttp,
  asToolResult,
  type Demand,
  type ProtectedResource,
  scopeDemand,
  signInDemand,
} from './protected-resource.ts'
import { Refusal, RpcRefusal } from './refusal.ts'
import type { Sessions } from './session.ts'
import { isStranger } from './stranger.ts'
import type { UpstreamCall } from './upstream.ts'

/** Each throws a `Refusal` for what may not be. */
export interface Permission {
  /** Somebody without a token, where that opens a part of the connector. */
  judgeGuest(request: Request, body: MessageBody, guest: Principal): Promise<void>
  judgeScope(request: Request, call: UpstreamCall, principal: Principal): Promise<void>
  /** For whatever is not one message or several: 401. */
  signInFirst(request: Request): Refusal
}

export interface PermissionOptions {
  connector: ConnectorSettings
  guarded: ProtectedResource
  strangers: StrangerRules
  catalogue: Catalogue
  sessions: Sessions
}

export function createPermission(options: PermissionOptions): Permission {
  const { connector, guarded, strangers, catalogue, sessions } = options

  function isPublicMessage(message: JsonRpcMessage): Promise<boolean> {
    return isPublic(message, strangers, catalogue.isReadOnlyForAll)
  }

  /** Decided on the parsed body, before the upstream hears of it. One protected element protects a batch. */
  async function judgeGuest(request: Request, body: MessageBody, guest: Principal): Promise<void> {
    const isPlain = !isAmbiguous(body.text, body.batch)
    const judged = isPlain ? await Promise.all(body.messages.map(isPublicMessage)) : [false]
    if (judged.every(Boolean)) return
    const demand = signInDemand(guarded, request, false)
    throw await demanded(demand, 'no token', body, async () => {
      const found = await sessions.find(request.headers.get(sessionHeader), guest)
      return found.kind === 'bound' ? found.session.clientInfo : undefined
    })
  }

  /** In the one form that this client can act on. */
  async function demanded(
    demand: Demand,
    reason: string,
    { messages, batch }: Pick<UpstreamCall, 'messages' | 'batch'>,
    sessionClient: () => Promise<unknown>,
  ): Promise<Refusal> {
    const [call] = messages
    if (batch || call === undefined || !isRequest(call) || toolOf(call) === undefined)
      return new Refusal(reason, asHttp(demand))
    const isInBand = await readsResults(call, sessionClient)
    return new Refusal(reason, isInBand ? asToolResult(demand, call, eraOf(call)) : asHttp(demand))
  }

  async function readsResults(call: JsonRpcRequest, sessionClient: () => Promise<unknown>): Promise<boolean> {
    const { access, signInForm = 'by-client' } = connector
    if (access !== 'lazy') return false
    if (signInForm !== 'by-client') return signInForm === 'in-band'
    const client = eraOf(call) === 'modern' ? metaOf(call, clientInfoMeta) : await sessionClient()
    return inBandClients.has(String((client as { name?: unknown } | undefined)?.name))
  }

  function signInFirst(request: Request): Refusal {
    return new Refusal('no token', asHttp(signInDemand(guarded, request, false)))
  }

  /** Decided on the parsed body, whatever the headers say (GW-11). */
  async function judgeScope(request: Request, call: UpstreamCall, principal: Principal): Promise<void> {
    const isFree = isStranger(principal)
    const mayAll = isFree || connector.scopes.every(({ name }) => principal.scope.includes(name))
    if (mayAll && !call.caller.shared) return
    if (isAmbiguous(call.text, call.batch))
      throw new RpcRefusal(400, jsonRpcCodes.invalidRequest, 'a member of the message is repeated')
    if (isFree) return
    const isReadOnly = async (tool: string): Promise<boolean> =>
      (await catalogue.findTool(call, tool))?.readOnly === true
    const judged = connector.access === 'lazy' ? await withoutPublic(call.messages) : call.messages
    const missing = await missingScopes(judged, principal.scope, connector.scopes, isReadOnly)
    if (missing.length === 0) return
    const demand = scopeDemand(guarded, request, principal.scope, missing)
    throw await demanded(
      demand,
      `lacks the scope ${missing.join(' ')}`,
      call,
      async () => call.session?.clientInfo,
    )
  }

  /** What anybody may do needs no scope. */
  async function withoutPublic(messages: readonly JsonRpcMessage[]): Promise<JsonRpcMessage[]> {
    const judged = await Promise.all(messages.map(isPublicMessage))
    return messages.filter((_, index) => judged[index] !== true)
  }

  return { judgeGuest, judgeScope, signInFirst }
}
