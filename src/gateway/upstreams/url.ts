/** An MCP server at a URL, by whichever of the two HTTP transports it speaks: the first request finds out, as clients do (MCP 2025-11-25, transports, "Backwards Compatibility"). */

import { knowingHangUps, knowsHangUps } from '../../platform/hang-up.ts'
import { discard } from '../http-exchange.ts'
import { defaultUpstreamLimits } from '../limits.ts'
import type { Upstream, UpstreamCall } from '../upstream.ts'
import { legacySseUpstream, offersHttpSse } from './legacy-sse.ts'
import { type StreamableHttpUpstreamOptions, streamableHttpUpstream } from './streamable-http.ts'

export type UrlUpstreamOptions = StreamableHttpUpstreamOptions

export function urlUpstream(options: UrlUpstreamOptions): Upstream {
  const { url, headers, limits } = options
  const send = options.fetch ?? fetch
  const guarded = options.guardedFetch ?? send
  const probeDeadlineMs = Math.min(limits?.openDeadlineMs ?? defaultUpstreamLimits.openDeadlineMs, 10_000)
  let transport: Transport | undefined
  let probing: Promise<boolean> | undefined
  let doubtAgainAt = 0

  function watched(way: typeof fetch): typeof fetch {
    const watching: typeof fetch = (input, init) =>
      transport !== undefined || init?.method !== 'POST' ? way(input, init) : judged(way, input, init)
    return knowsHangUps(way) ? knowingHangUps(watching) : watching
  }
  const streamable = streamableHttpUpstream({
    ...options,
    fetch: watched(send),
    guardedFetch: watched(guarded),
  })
  const sse = legacySseUpstream({
    url,
    headers,
    limits,
    fetch: send,
    guardedFetch: guarded,
    onNoStream() {
      transport = undefined
      doubtAgainAt = 0
    },
  })

  async function judged(
    way: typeof fetch,
    input: Parameters<typeof fetch>[0],
    init: RequestInit,
  ): Promise<Response> {
    const response = await way(input, init)
    // Another call may have found out meanwhile.
    if (transport === undefined) await judge(response, String(input), way, init)
    return response
  }

  /** Asked where the POST went, with what it carried: the stream may want the same credential. */
  async function judge(
    response: Response,
    asked: string,
    way: typeof fetch,
    { headers: sent }: RequestInit,
  ): Promise<void> {
    if (response.ok) transport = 'streamable-http'
    if (!fallbackStatuses.has(response.status) || performance.now() < doubtAgainAt) return
    const carried = new Headers(sent)
    for (const name of [...carried.keys()]) if (ofOnePost.test(name)) carried.delete(name)
    probing ??= offersHttpSse({ url: asked, send: way }, carried, probeDeadlineMs).finally(() => {
      probing = undefined
    })
    if (await probing) transport = 'http+sse'
    else doubtAgainAt = performance.now() + doubtMs
  }

  function spoken(): Transport | undefined {
    return transport
  }

  /** While nothing is known, by the newer transport first; what it makes of an older server is not told to anyone. */
  async function attempt<T>(
    call: UpstreamCall,
    use: (upstream: Upstream, call: UpstreamCall) => Promise<T>,
    drop: (outcome: T) => Promise<void>,
  ): Promise<T> {
    if (spoken() === 'http+sse') return use(sse, call)
    if (spoken() === 'streamable-http') return use(streamable, call)
    const { caller } = call
    const held: Parameters<typeof caller.emit>[] = []
    const quiet = { ...caller, emit: (...event: (typeof held)[number]) => void held.push(event) }
    const outcome = await use(streamable, { ...call, caller: quiet, headers: new Headers(call.headers) })
    if (spoken() === 'http+sse') {
      await drop(outcome)
      return use(sse, call)
    }
    for (const event of held) caller.emit(...event)
    return outcome
  }

  return {
    name: streamable.name,
    initialize: (call) =>
      attempt(
        call,
        (upstream, one) => upstream.initialize(one),
        ({ response }) => discard(response),
      ),
    post: (call) => attempt(call, (upstream, one) => upstream.post(one), discard),
    listen: (call, onEnd) => (spoken() === 'http+sse' ? sse : streamable).listen(call, onEnd),
    end: (caller, session) => (spoken() === 'http+sse' ? sse : streamable).end(caller, session),
    async close() {
      await Promise.all([streamable.close(), sse.close()])
    },
  }
}

/** What a stream is not asked with. */
const ofOnePost = /^(?:content-type|accept|mcp-.*)$/

type Transport = 'streamable-http' | 'http+sse'

/** What a server of the older transport says to a POST at the address of its stream. */
const fallbackStatuses: ReadonlySet<number> = new Set([400, 404, 405])

/** A server that offered no stream is not asked again for this long. */
const doubtMs = 60_000
