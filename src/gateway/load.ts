/** How many calls are under way: beyond it new ones are turned away at once, so that those that were let in stay as fast as they were (RFC 9110 §15.6.4). */

import { jsonRpcCodes } from '../mcp/json-rpc.ts'
import type { Principal } from './admission.ts'
import { RpcRefusal } from './refusal.ts'

export interface Load {
  /** Throws a refusal instead of doing the work when there is too much of it. */
  run(principal: Principal, work: () => Promise<Response>): Promise<Response>
}

export interface LoadLimits {
  atOnce: number
  /** Of one person with one client, so that none can take everything; strangers have the common limit alone. */
  perCaller: number
}

/** Counts until an answer begins: a stream that is open costs little, and may be open for hours. */
export function createLoad({ atOnce, perCaller }: LoadLimits): Load {
  const callers = new Map<string, number>()
  let underWay = 0
  return {
    async run({ userId, clientId }, work) {
      const key = `${clientId} ${userId}`
      const own = callers.get(key) ?? 0
      const isShared = clientId === ''
      if (underWay >= atOnce || (!isShared && own >= perCaller)) {
        throw new RpcRefusal(503, jsonRpcCodes.serverError, 'too many calls are under way: try again', {
          headers: { 'retry-after': String(retryAfterSeconds) },
        })
      }
      underWay++
      callers.set(key, own + 1)
      try {
        return await work()
      } finally {
        underWay--
        const rest = (callers.get(key) ?? 1) - 1
        if (rest > 0) callers.set(key, rest)
        else callers.delete(key)
      }
    },
  }
}

const retryAfterSeconds = 2
