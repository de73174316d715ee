// Requests that a client handed in ahead of the browser (RFC 9126), opened by somebody or in a way that it did not mean.

import { authorizeUrl, type Door, pkce, register } from '../door.ts'
import { asksForConsent, registerClaude } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'

const endpoint = 'authorization-server/endpoints/pushed-authorization.ts'
const storage = 'storage/memory/pushed-requests.ts'

async function push(
  door: Door,
  clientId: string,
  changes: Record<string, string> = {},
): Promise<string | undefined> {
  const body = new URL(authorizeUrl(door, clientId, pkce().challenge, changes)).searchParams
  const answer = await door.fetch('/oauth/par', { method: 'POST', body })
  const { request_uri: requestUri } = (await answer.json()) as { request_uri?: string }
  return requestUri
}

function linkOf(door: Door, clientId: string, requestUri = '', more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri, ...more })
  return `${door.origin}/oauth/authorize?${query}`
}

export const pushedAttacks: readonly Attack[] = [
  {
    name: 'a pushed request that was seen in a link, opened once more',
    source: 'RFC 9126 §7.3',
    guard: without(storage, 'requests.delete(referenceHash)'),
    async run(door) {
      const clientId = await registerClaude(door)
      const link = linkOf(door, clientId, await push(door, clientId))
      if (!(await asksForConsent(link, door.browser()))) throw new Error('the victim is refused')
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
  {
    name: 'a pushed request of one client, opened under the name of another',
    source: 'RFC 9126 §7.4, RFC 9700 §4.4',
    guard: without(storage, 'record.clientId !== clientId ||'),
    async run(door) {
      const requestUri = await push(door, await registerClaude(door))
      return succeededIf(await asksForConsent(linkOf(door, 'another', requestUri), door.browser()))
    },
  },
  {
    name: 'a pushed request that lay about for an hour',
    source: 'RFC 9126 §2.2',
    guard: without(storage, '|| record.expiresAt <= now'),
    async run(door) {
      const clientId = await registerClaude(door)
      const link = linkOf(door, clientId, await push(door, clientId))
      door.clock.now += 3600
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
  {
    name: 'more scope, written into the link beside the name of a pushed request',
    source: 'RFC 9126 §4, RFC 9101 §6.3',
    guard: without(
      'authorization-server/endpoints/authorization.ts',
      'return new URLSearchParams(pushed.parameters)',
      'return new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(pushed.parameters)), ...Object.fromEntries(url.searchParams) })',
    ),
    async run(door) {
      const clientId = await registerClaude(door)
      const requestUri = await push(door, clientId, { scope: 'read' })
      const browser = door.browser()
      const { fields } = await browser.openConsent(
        linkOf(door, clientId, requestUri, { scope: 'read write' }),
      )
      return succeededIf(fields.getAll('scope').includes('write'))
    },
  },
  {
    name: '[OA21-13] a request pushed in the name of a client with a secret, by somebody without it',
    source: 'RFC 9126 §7.1',
    guard: without(
      endpoint,
      'const client = await clients.authenticate(authentication)',
      "const client = (await clients.find(authentication[0]?.clientId ?? '')) as Client",
    ),
    async run(door) {
      const victim = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
      return succeededIf((await push(door, String(victim.client_id))) !== undefined)
    },
  },
]
