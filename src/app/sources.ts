/** Where requests come from, by the operator's lists: which proxies are believed, and which addresses are answered (house rules 12 and 17). */

import type { RequestSource } from '../authorization-server/settings.ts'
import { claudeSourceRanges } from '../oauth/claude.ts'
import {
  type Connection,
  type IpRange,
  isInRanges,
  readIpRange,
  sourceAddress,
  sourceName,
} from '../platform/request-source.ts'

export interface SourceOptions {
  /** Addresses and ranges of proxies whose X-Forwarded-For is believed. Default: none. */
  trustedProxies?: readonly string[] | undefined
  /** Addresses, ranges, or `anthropic`, that alone may call the MCP endpoint and the OAuth endpoints for programs. Default: all. */
  allowed?: readonly string[] | undefined
}

export interface Sources {
  of(request: Request, connection: Connection): RequestSource & { isAllowed: boolean }
}

/** The preset for Claude's servers: claude.ai, Desktop, mobile and the Messages API, not Claude Code, which asks from each person's own machine. */
export const claudePreset = 'anthropic'

/** Throws a `TypeError` for what is no range. */
export function createSources(options: SourceOptions): Sources {
  const proxies = readRanges(options.trustedProxies ?? [])
  const allowed = options.allowed === undefined ? undefined : readRanges(options.allowed)
  const claude = readRanges(claudeSourceRanges)
  // Connections are kept alive, so that one address asks many times in a row.
  const judged = new Map<string, Source>()

  function judge(forwardedFor: string | null, connection: Connection): Source {
    const address = sourceAddress(forwardedFor, connection, proxies)
    return {
      name: sourceName(address),
      isClaude: isInRanges(address, claude),
      isAllowed: allowed === undefined || isInRanges(address, allowed),
    }
  }

  return {
    of(request, connection) {
      const forwardedFor = proxies.length === 0 ? null : request.headers.get('x-forwarded-for')
      const from = `${connection.peerAddress} ${forwardedFor}`
      const known = judged.get(from)
      if (known !== undefined) return known
      const source = judge(forwardedFor, connection)
      if (judged.size >= maximumJudged) judged.clear()
      judged.set(from, source)
      return source
    },
  }
}

export type Source = ReturnType<Sources['of']>

/** Of addresses that are remembered; a forwarded header is as long as a header may be. */
const maximumJudged = 1000

function readRanges(texts: readonly string[]): IpRange[] {
  return texts
    .flatMap((text) => (text === claudePreset ? claudeSourceRanges : [text]))
    .map((text) => {
      const range = readIpRange(text)
      if (range === undefined)
        throw new TypeError(`${JSON.stringify(text)} is not an address or a range such as 203.0.113.0/24`)
      return range
    })
}
