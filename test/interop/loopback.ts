// Loopback places for a redirect to come back to (RFC 8252 §7.3).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CallbackListener {
  readonly redirectUri: string
  /** The first authorization response that arrives at the redirect URI. */
  waitForResponse(timeoutMilliseconds?: number): Promise<URLSearchParams>
  close(): Promise<void>
}

export async function startCallbackListener(path = '/callback'): Promise<CallbackListener> {
  const { promise, resolve } = Promise.withResolvers<URLSearchParams>()
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname !== path) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/plain' }).end('You can close this page.')
    resolve(url.searchParams)
  })
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready))
  const { port } = http.address() as AddressInfo
  return {
    redirectUri: `http://127.0.0.1:${port}${path}`,
    async waitForResponse(timeoutMilliseconds = CALLBACK_TIMEOUT_MILLISECONDS) {
      const limit = new AbortController()
      const late = new Promise<never>((_, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no authorization response within ${timeoutMilliseconds} ms`)),
          timeoutMilliseconds,
        )
        limit.signal.addEventListener('abort', () => clearTimeout(timer))
      })
      return Promise.race([promise, late]).finally(() => limit.abort())
    },
    async close() {
      http.closeAllConnections()
      await new Promise<void>((closed) => http.close(() => closed()))
    },
  }
}

/** A port that was free a moment ago, for programs that must be told theirs. */
export async function findFreePort(): Promise<number> {
  const http = createServer()
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready))
  const { port } = http.address() as AddressInfo
  await new Promise<void>((closed) => http.close(() => closed()))
  return port
}

const CALLBACK_TIMEOUT_MILLISECONDS = 30_000
