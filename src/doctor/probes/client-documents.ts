/** Claude’s client metadata documents as client ids, several times over: taken, refused, or a stumbling block (OAuth Client ID Metadata Document §4). */

import { claudeCode } from '../../client/surfaces/claude-code.ts'
import { claudeHosted } from '../../client/surfaces/claude-hosted.ts'
import { announcesDocuments } from '../facts.ts'
import { authorizationUrl, endpointOf, factsOf, navigation, tokenRequest } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const clientDocuments: Probe = {
  name: 'client-documents',
  title: 'The addresses of Claude’s metadata documents as client ids',
  stage: 'registration',
  effects: undefined,
  isIntrusive: false,
  cannotRun(bench) {
    const endpoint = endpointOf(factsOf(bench), 'authorization_endpoint')
    return endpoint === undefined ? 'no authorization endpoint is known' : undefined
  },
  run: askWithDocuments,
}

/** Enough for a document that is fetched each time, and sometimes not. */
const repetitions = 3
const hosted = {
  clientId: claudeHosted.identity.metadataDocument?.clientId ?? '',
  redirectUri: 'https://claude.ai/api/mcp/auth_callback',
}
const code = {
  clientId: claudeCode.identity.metadataDocument?.clientId ?? '',
  redirectUri: 'http://localhost:3118/callback',
}

async function askWithDocuments(bench: ProbeBench): Promise<void> {
  const facts = factsOf(bench)
  const endpoint = endpointOf(facts, 'token_endpoint')
  const ask = async (label: string, { clientId, redirectUri }: typeof hosted): Promise<void> => {
    const url = authorizationUrl(bench, facts, { client_id: clientId, redirect_uri: redirectUri })
    if (url !== undefined) await bench.send(label, navigation(url))
  }
  const exchange = async (label: string): Promise<void> => {
    if (endpoint === undefined) return
    const fields = {
      grant_type: 'authorization_code',
      code: 'not-a-code-of-anybody',
      code_verifier: 'a'.repeat(43),
      redirect_uri: hosted.redirectUri,
      client_id: hosted.clientId,
    }
    await bench.send(label, tokenRequest(bench, endpoint, fields))
  }
  if (!announcesDocuments(facts.issuerMetadata?.body)) {
    await ask('unannounced', hosted)
    return exchange('unannounced-token')
  }
  await ask('portless', { ...code, redirectUri: 'http://localhost/callback' })
  const own = ownDocument(bench)
  for (let count = 1; count <= repetitions; count++) {
    await ask(`hosted ${count}`, hosted)
    await ask(`code ${count}`, code)
    if (own !== undefined) await ask(`own ${count}`, own)
    await exchange(`token ${count}`)
  }
}

/** Of another client than Claude’s, when the walk was made as that. */
function ownDocument({ client }: ProbeBench): typeof hosted | undefined {
  const isOther = client?.clientId !== hosted.clientId && client?.clientId !== code.clientId
  return client?.origin === 'metadata-document' && isOther ? client : undefined
}
