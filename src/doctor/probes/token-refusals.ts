/** Token requests that must be refused, to see how: a code of nobody, a client of nobody, an Origin, a type and a proof that cannot be read (RFC 6749 §5.2). */

import { endpointOf, factsOf, tokenRequest } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const tokenRefusals: Probe = {
  name: 'token-refusals',
  title: 'How the token endpoint refuses',
  stage: 'token',
  effects: undefined,
  isIntrusive: false,
  cannotRun(bench) {
    return endpointOf(factsOf(bench), 'token_endpoint') === undefined
      ? 'no token endpoint is known'
      : undefined
  },
  run: askInVain,
}

async function askInVain(bench: ProbeBench): Promise<void> {
  const endpoint = endpointOf(factsOf(bench), 'token_endpoint')
  if (endpoint === undefined) return
  const { client } = bench
  const ask = (label: string, clientId: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const fields = {
      grant_type: 'authorization_code',
      code: 'not-a-code-of-anybody',
      code_verifier: 'a'.repeat(43),
      redirect_uri: client?.redirectUri ?? 'https://claude.ai/api/mcp/auth_callback',
      client_id: clientId,
    }
    return bench.send(label, tokenRequest(bench, endpoint, fields, headers))
  }
  await ask('unknown-client', unknownClientId(bench))
  // A client with a secret would be refused for not showing it.
  if (client === undefined || client.clientSecret !== undefined) return
  await ask('known-client', client.clientId)
  await ask('own-origin', client.clientId, { Origin: new URL(endpoint).origin })
  await ask('odd-type', client.clientId, {
    'Content-Type': 'application/x-www-form-urlencoded; charset="',
  })
  await ask('odd-proof', client.clientId, { Authorization: 'Basic %%%' })
}

/** A UUID (RFC 9562 §5.4): the form that most servers give, so that it is refused for being unknown. */
function unknownClientId({ random }: ProbeBench): string {
  const hex = Array.from(random(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
}
