/** Which clients the operator lets in, of those that come by themselves: by where their answers go, and by their name. */

import type { ClientMetadata } from '../oauth/client-metadata.ts'
import type { Problem } from '../oauth/errors.ts'
import { isRedirectTo } from '../oauth/redirect-uri.ts'
import type { ClientRules } from './settings.ts'

/** May a browser be sent to this address with an answer. */
export function mayRedirectTo(rules: ClientRules, uri: string): boolean {
  return rules.redirectHosts?.some((pattern) => isRedirectTo(uri, pattern)) ?? true
}

/** Of several redirect URIs one that is let in is enough: the others cannot be used. */
export function clientRuleProblems(rules: ClientRules, metadata: ClientMetadata): Problem[] {
  const problems: Problem[] = []
  if (!metadata.redirectUris.some((uri) => mayRedirectTo(rules, uri))) {
    const says = 'this server only lets in applications whose redirect_uris it was told of; ask its operator'
    problems.push({ code: 'invalid_redirect_uri', at: 'redirect_uris', says, standard: 'RFC 7591 §5' })
  }
  if (!isNamed(rules.clientNames, metadata.clientName)) {
    const says = 'this server only lets in applications whose client_name it was told of; ask its operator'
    problems.push({ code: 'invalid_client_metadata', at: 'client_name', says, standard: 'RFC 7591 §5' })
  }
  return problems
}

/** Without case; a `*` at the end stands for any rest, since Claude Code adds the name of the server to its own. */
function isNamed(names: readonly string[] | undefined, name: string | undefined): boolean {
  if (names === undefined) return true
  const folded = (name ?? '').toLowerCase()
  return names.some((allowed) => {
    const pattern = allowed.toLowerCase()
    return pattern.endsWith('*') ? folded.startsWith(pattern.slice(0, -1)) : folded === pattern
  })
}
