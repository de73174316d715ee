/** The listener for the redirect on this machine (RFC 8252 §7.3): both address families, one answer, a page for the person. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CallbackListener, OpenCallback } from './browser.ts'

/** The preferred port if it is free, any other if it is not. */
export const openLoopbackCallback: OpenCallback = async ({ host, path, preferredPort }) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const answer = (server: Server): Server =>
    server.on('request', (request, response) => {
      // Of `//` no URL can be made, and any page may ask for it.
      const url = URL.parse(request.url ?? '', `http://${host}`)
      const isAnswer = url?.searchParams.has('code') || url?.searchParams.has('error')
      if (request.method !== 'GET' || url?.pathname !== path || !isAnswer) {
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n')
        return
      }
      response.writeHead(200, pageHeaders).end(page)
      resolve(`http://${host}:${port}${url.pathname}${url.search}`)
    })
  const main = answer(createServer())
  const port = await listen(main, '127.0.0.1', preferredPort ?? 0).catch(() => listen(main, '127.0.0.1', 0))
  const second = answer(createServer())
  // Browsers may take `localhost` for ::1 first; a machine without IPv6 does not need it.
  const isSecondOpen = host === 'localhost' && (await listen(second, '::1', port).then(Boolean, () => false))
  const close = async (): Promise<void> => {
    await Promise.all([closed(main), isSecondOpen ? closed(second) : undefined])
  }
  return { port, received: promise, close } satisfies CallbackListener
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeListener('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  'referrer-policy': 'no-referrer',
  connection: 'close',
}

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Signed in</title>
<body style="font:1rem/1.5 system-ui;max-width:30rem;margin:4rem auto;padding:0 1rem">
<h1>You can close this page</h1>
<p>The answer has arrived. Go back to the terminal to see what came of it.</p>
</body></html>
`
