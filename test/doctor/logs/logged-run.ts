// One run of `postern connect` at a lab, and the lines that the access log of a proxy before it has in each format.

import { createFetchBrowser } from '../../../src/client/browser-fetch.ts'
import { connect } from '../../../src/client/connector.ts'
import type { Surface } from '../../../src/client/surface.ts'
import { explainLogs, type LogReport } from '../../../src/doctor/logs/log-report.ts'
import { type Lab, user } from '../lab/lab.ts'

export interface LoggedExchange {
  at: number
  address: string
  method: string
  /** With its query, as it is on the request line. */
  target: string
  status: number
  bytes: number
  userAgent: string
  hasToken: boolean
  seconds: number
}

/** Stands before everything else from now on, as a proxy does. */
export function watchLab(lab: Lab, surface: Surface): LoggedExchange[] {
  const isHosted = surface.name.startsWith('claude-hosted')
  const log: LoggedExchange[] = []
  const inner = lab.fetch
  let now = lab.clock.now
  lab.fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search } = new URL(request.url)
    const answer = await inner(request, { signal: init?.signal ?? null }).catch(() => undefined)
    now += 0.2
    const isBrowser = pathname.endsWith('/authorize') || pathname.endsWith('/sign-in')
    log.push({
      at: now,
      address: isHosted && !isBrowser ? '160.79.106.177' : '203.0.113.7',
      method: request.method,
      target: pathname + search,
      // What nginx writes when the client has gone away.
      status: answer?.status ?? 499,
      bytes: Number(answer?.headers.get('content-length') ?? 0),
      userAgent: isBrowser ? 'Mozilla/5.0 (X11; Linux x86_64)' : (request.headers.get('user-agent') ?? ''),
      hasToken: request.headers.has('authorization'),
      seconds: 0.2,
    })
    if (answer === undefined) throw new TypeError('no answer')
    return answer
  }
  return log
}

export async function connectOnce(lab: Lab, surface: Surface): Promise<void> {
  const deadlines = Object.entries(surface.deadlines).map(([name, value]) => {
    return [name, typeof value === 'number' ? 0.3 : value]
  })
  await connect({
    url: lab.url,
    surface: { ...surface, deadlines: Object.fromEntries(deadlines) } as Surface,
    fetch: lab.fetch,
    browser: createFetchBrowser(user),
    openCallback: async ({ preferredPort }) => ({
      port: preferredPort ?? 33418,
      received: new Promise(() => undefined),
      close: async () => undefined,
    }),
    clock: () => lab.clock.now,
  })
}

export type LineFormat = (exchange: LoggedExchange) => string

export function explainLines(lines: readonly string[], now: number, mcpPath?: string): Promise<LogReport> {
  return explainLogs([bytesOf(`${lines.join('\n')}\n`)], { mcpPath, now })
}

export async function* bytesOf(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? new TextEncoder().encode(text) : text
}
