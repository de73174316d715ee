/** A fetch that sends the headers it is given and no others: the runtime's own adds `sec-fetch-mode` and `accept-language`, which no Claude client sends. */

import type { Readable } from 'node:stream'
import { Agent, buildConnector, request } from 'undici'
import { createPublicConnector } from '../platform/outbound-dialer-node.ts'
import type { MayBePrivate } from './private-hosts.ts'

export interface PlainFetch {
  fetch: typeof fetch
  /** Cuts what is still open: a stream that nobody ends would hold the program. */
  close(): Promise<void>
}

/** For a server that does not even take the connection; what comes after is bounded by the caller. */
const connectTimeoutMs = 10_000

/**
 * Redirects are answers; nothing is compressed, because nothing that was compressed is asked for. Hosts that may not
 * be private are dialled at public addresses only.
 */
export function createPlainFetch(mayBePrivate: MayBePrivate): PlainFetch {
  const connectAnywhere = buildConnector({ timeout: connectTimeoutMs })
  const connectPublic = createPublicConnector(buildConnector, connectTimeoutMs)
  const agent = new Agent({
    // A stream may be silent for as long as the caller's own deadline allows.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(options, callback) {
      const connect = mayBePrivate(options.hostname) ? connectAnywhere : connectPublic
      connect(options, callback)
    },
  })
  const plainFetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const answer = await request(String(input), {
      dispatcher: agent,
      method: (init.method ?? 'GET') as 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      signal: init.signal ?? null,
      ...(typeof init.body === 'string' ? { body: init.body } : {}),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one)
    }
    const body = bodiless.has(answer.statusCode) ? null : webStream(answer.body)
    if (body === null) await answer.body.dump()
    return new Response(body, { status: answer.statusCode, headers })
  }
  return { fetch: plainFetch, close: () => agent.destroy() }
}

const bodiless = new Set([204, 205, 304])

/** Not `Readable.toWeb`: where data comes after a cancel it throws into nowhere, which ends the program (Node 24.21). */
function webStream(body: Readable): ReadableStream<Uint8Array> {
  const chunks = body.iterator({ destroyOnReturn: true })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      cancel() {
        body.on('error', () => undefined)
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
