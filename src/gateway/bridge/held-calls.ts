/** Calls whose client is looking for an answer: found again by what it was given, by the same caller and for the same request only, once, and not for ever (MCP 2026-07-28, `requestState`; requirement GW-10). */

import type { JsonRpcRequest } from '../../mcp/json-rpc.ts'
import { encodeBase64Url, randomToken, sha256 } from '../../platform/crypto.ts'

export interface HeldCalls<Call> {
  /** Undefined when the caller has too many already. */
  hold(call: Call, callerKey: string, request: JsonRpcRequest): string | undefined
  take(state: string, callerKey: string, request: JsonRpcRequest): Call | undefined
  close(): void
}

export interface HeldCallsOptions<Call> {
  /** The client did not come back in time. */
  onForgotten(call: Call): void
}

/** A person may have to fill in a form, or to visit a page. */
const heldMs = 10 * 60_000
const heldPerCaller = 32
const heldAtOnce = 2048

export function createHeldCalls<Call>({ onForgotten }: HeldCallsOptions<Call>): HeldCalls<Call> {
  const held = new Map<string, Held<Call>>()

  return {
    hold(call, callerKey, request) {
      const own = [...held.values()].filter((other) => other.callerKey === callerKey)
      if (held.size >= heldAtOnce || own.length >= heldPerCaller) return undefined
      const state = randomToken()
      const timer = setTimeout(() => {
        held.delete(state)
        onForgotten(call)
      }, heldMs)
      held.set(state, { call, callerKey, digest: digestOf(request), timer })
      return state
    },
    take(state, callerKey, request) {
      const found = held.get(state)
      if (found === undefined || found.callerKey !== callerKey || found.digest !== digestOf(request)) {
        return undefined
      }
      clearTimeout(found.timer)
      held.delete(state)
      return found.call
    },
    close() {
      for (const { timer } of held.values()) clearTimeout(timer)
      held.clear()
    },
  }
}

interface Held<Call> {
  call: Call
  callerKey: string
  digest: string
  timer: ReturnType<typeof setTimeout>
}

/** Of what the client asked for, whichever round it is. */
function digestOf({ method, params = {} }: JsonRpcRequest): string {
  const { _meta, inputResponses, requestState, ...asked } = params
  return encodeBase64Url(sha256(JSON.stringify([method, sorted(asked)])))
}

/** A client may write the members in another order the next time. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, member]) => [name, sorted(member)])
}
