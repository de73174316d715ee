/** A lab at ports of this machine: what the tools of others can be pointed at. A fault comes in after a token and a client were handed out. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import type { ConnectionMemory } from '../../src/client/connection-state.ts'
import { connect } from '../../src/client/connector.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import { claudeCode } from '../../src/client/surfaces/claude-code.ts'
import type { Fault } from '../../test/doctor/lab/fault.ts'
import { createLab, type Lab, user } from '../../test/doctor/lab/lab.ts'

export interface ServedLab {
  /** As a person types it. */
  url: string
  issuer: string
  /** Of the time before the fault: tools that cannot sign in are given it. */
  token: string | undefined
  clientId: string | undefined
  close(): void
}

/** The one client document that the lab knows with a redirect to this machine. */
export const documentClientId = 'https://claude.ai/oauth/claude-code-client-metadata'

/** Undefined where the fault is not on the wire of this machine: in DNS, in TLS, or in the public address itself. */
export async function serveLab(
  fault: Pick<Fault, 'settings' | 'doctor' | 'break'>,
): Promise<ServedLab | undefined> {
  const lab = createLab(fault.settings)
  const isApart = new URL(lab.issuer).origin !== new URL(lab.url).origin
  const issuerPath = new URL(lab.issuer).pathname
  const resource = await serve(lab, () => new URL(lab.url).origin)
  lab.url = `${originOf(resource)}/mcp`
  const authorization = isApart ? await serve(lab, () => new URL(lab.issuer).origin) : resource
  // The root issuer is the bare origin, without the slash of a URL.
  lab.issuer = originOf(authorization) + (issuerPath === '/' ? '' : issuerPath)
  const origin = new URL(lab.url).origin
  const close = (): void => {
    for (const server of [resource, authorization]) {
      server.closeAllConnections()
      server.close()
    }
  }
  const { token, clientId } = await handedOut(lab)
  fault.break(lab)
  const isElsewhere =
    lab.addresses.size > 0 ||
    lab.handshakes.size > 0 ||
    new URL(lab.url).origin !== origin ||
    isRestarted(fault)
  if (isElsewhere) {
    close()
    return undefined
  }
  const typed = fault.doctor?.url === undefined ? lab.url : origin + new URL(fault.doctor.url).pathname
  return { url: typed, issuer: lab.issuer, token, clientId, close }
}

/** Seen only by whoever comes back after a restart; no other tool does. */
function isRestarted({ doctor }: Pick<Fault, 'doctor'>): boolean {
  return doctor?.afterRestart === true
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serve(lab: Lab, origin: () => string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const body = Buffer.concat(await Readable.from(request).toArray())
      const before = lab.clock.ms
      const answer = await lab.fetch(origin() + request.url, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        redirect: 'manual',
        signal: gone.signal,
        ...(body.length === 0 ? {} : { body }),
      })
      // The lab’s own clock only says how long something takes; here it takes that long.
      await wait(lab.clock.ms - before, undefined, { signal: gone.signal })
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      for await (const chunk of answer.body ?? []) response.write(chunk)
      response.end()
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function handedOut(lab: Lab): Promise<Pick<ServedLab, 'token' | 'clientId'>> {
  if (lab.settings.access === 'none') return { token: undefined, clientId: undefined }
  let memory: ConnectionMemory | undefined
  await connect({
    url: lab.url,
    surface: claudeCode,
    fetch,
    browser: createFetchBrowser(user),
    openCallback: openLoopbackCallback,
    calls: [{ name: 'search_notes', arguments: { text: 'x' } }],
    onMemory: (changed) => {
      memory = changed
    },
  })
  const token = memory?.tokens?.accessToken
  if (lab.settings.identity === 'metadata-document') return { token, clientId: documentClientId }
  const registered = await fetch(`${lab.issuer}/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
    }),
  })
  const { client_id: clientId } = (await registered.json()) as { client_id?: string }
  return { token, clientId }
}
