/** Which eras an upstream speaks: learnt from its own answers, believed for a while, then learnt again (MCP 2026-07-28, versioning; requirement GW-7). */

import { type JsonRpcResponse, jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { supportedVersions } from '../command-era.ts'
import { readAnswers } from '../event-relay.ts'
import type { UpstreamLimits } from '../limits.ts'
import { ownModernCall } from '../own-call.ts'
import type { Upstream, UpstreamCaller } from '../upstream.ts'

export interface UpstreamEras {
  /** True if it knows a stateless revision. Asks it if need be. */
  speaksModern(caller: UpstreamCaller): Promise<boolean>
  /** Undefined while nothing has shown it. */
  speaksLegacy(): boolean | undefined
  noteLegacy(isSpoken: boolean): void
  /** True if of the older era it knows no sessions. Undefined while nothing has shown it. */
  forgets(): boolean | undefined
  noteForgetting(isForgetful: boolean): void
  /** It contradicted what is believed of it. */
  forget(): void
}

/** How long an upstream's own word is believed, and how long its silence. */
const verdictMs = 3_600_000
const silentVerdictMs = 60_000

interface Verdict {
  isSpoken: boolean
  until: number
}

export function createUpstreamEras(upstream: Upstream, limits: UpstreamLimits): UpstreamEras {
  let modern: Verdict | undefined
  let legacy: Verdict | undefined
  let forgetful: Verdict | undefined
  let probing: Promise<boolean> | undefined

  /** In the name of a caller who needs the upstream anyway: a command that was probed goes on to serve it. */
  async function probe(caller: UpstreamCaller): Promise<boolean> {
    const response = await upstream.post(ownModernCall(quiet(caller), 'server/discover'))
    const [answer] = await readAnswers(response, 1, limits).catch(() => [])
    const isSpoken = supportedVersions(answer?.response).length > 0
    modern = verdict(isSpoken, isItsWord(answer?.response, response.status) ? verdictMs : silentVerdictMs)
    return isSpoken
  }

  return {
    async speaksModern(caller) {
      const known = standing(modern)
      if (known !== undefined) return known
      probing ??= probe(caller).finally(() => {
        probing = undefined
      })
      return probing
    },
    speaksLegacy: () => standing(legacy),
    noteLegacy(isSpoken) {
      legacy = verdict(isSpoken, verdictMs)
    },
    forgets: () => standing(forgetful),
    noteForgetting(isForgetful) {
      forgetful = verdict(isForgetful, verdictMs)
    },
    forget() {
      forgetful = undefined
      modern = undefined
      legacy = undefined
    },
  }
}

function verdict(isSpoken: boolean, lastsMs: number): Verdict {
  return { isSpoken, until: performance.now() + lastsMs }
}

function standing(verdict: Verdict | undefined): boolean | undefined {
  return verdict !== undefined && verdict.until > performance.now() ? verdict.isSpoken : undefined
}

/** That a server of the older era does not understand the question is no failure. */
function quiet(caller: UpstreamCaller): UpstreamCaller {
  return {
    ...caller,
    emit(name, fields) {
      if (name !== 'upstream.failed') caller.emit(name, fields)
    },
  }
}

/** A failure to reach it is told by Postern itself: with status 200 and this code. */
function isItsWord(answer: JsonRpcResponse | undefined, status: number): boolean {
  return status !== 200 || (answer !== undefined && answer.error?.code !== jsonRpcCodes.serverError)
}
