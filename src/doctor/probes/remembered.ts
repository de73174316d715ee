/** The sign-in that an earlier run kept, renewed as a client does after a night or a restart of the server; then given back. */

import { isSafeEndpoint } from '../../client/safe-endpoint.ts'
import type { WireAnswer } from '../../client/wire.ts'
import { tokenRequest } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { issuerMetadataOf, refreshRequest, renewed, tokenEndpointOf } from './renewal.ts'

export const remembered: Probe = {
  name: 'remembered',
  title: 'The sign-in that an earlier run kept',
  stage: 'staying',
  effects: 'renews the sign-in of the earlier run, and gives it back',
  isIntrusive: false,
  cannotRun(bench) {
    if (bench.remembered?.tokens === undefined) return 'no earlier run kept a sign-in (--state)'
    if (bench.remembered.tokens.refreshToken === undefined) return 'the earlier run got no refresh token'
    return tokenEndpointOf(asThen(bench)) === undefined
      ? 'its token endpoint is not known any more'
      : undefined
  },
  async run(bench) {
    const then = asThen(bench)
    const endpoint = tokenEndpointOf(then)
    const { tokens } = then.grant
    if (endpoint === undefined || tokens?.refreshToken === undefined) return
    const answer = await bench.send('renew', refreshRequest(then, endpoint, tokens.refreshToken))
    if (answer?.status === 200) await giveBack(then, renewed(tokens, answer).refreshToken)
  },
}

/** The same server, with the client and the tokens of the earlier run. */
function asThen(bench: ProbeBench): ProbeBench {
  const { tokens, clients } = bench.remembered ?? { tokens: undefined, clients: {} }
  const client = Object.values(clients).find(({ clientId }) => clientId === tokens?.clientId)
  return { ...bench, grant: { tokens, isOwn: true }, client }
}

async function giveBack(then: ProbeBench, token: string | undefined): Promise<WireAnswer | undefined> {
  const endpoint = issuerMetadataOf(then)?.revocation_endpoint
  const { client } = then
  if (typeof endpoint !== 'string' || !isSafeEndpoint(endpoint)) return undefined
  if (token === undefined || client === undefined) return undefined
  const proof = { client_id: client.clientId, client_secret: client.clientSecret }
  return then.send('give-back', tokenRequest(then, endpoint, { token, ...proof }))
}
