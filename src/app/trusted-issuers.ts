/** The issuers that an operator lists for enterprise-managed authorization, judged once at start. */

import type { TrustedIssuer } from '../authorization-server/settings.ts'
import { parseUrl } from '../platform/url.ts'

/** Throws a `TypeError` for what no assertion could ever be verified by. */
export function readTrustedIssuers(listed: readonly TrustedIssuer[] = []): readonly TrustedIssuer[] {
  for (const { issuer, jwksUri } of listed) {
    refuseInsecure('issuer', issuer)
    if (jwksUri !== undefined) refuseInsecure('jwksUri', jwksUri)
  }
  const issuers = listed.map(({ issuer }) => issuer)
  const twice = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  if (twice !== undefined) throw new TypeError(`trustedIssuers names ${twice} twice`)
  return listed
}

export function isSecureUrl(text: string): boolean {
  const url = parseUrl(text)
  return url?.protocol === 'https:' && url.hash === '' && url.username === '' && url.password === ''
}

/** Keys that came over plain http are anybody's (requirement EXT-EMA-08). */
function refuseInsecure(name: string, text: string): void {
  if (isSecureUrl(text)) return
  throw new TypeError(`trustedIssuers: ${name} ${JSON.stringify(text)} is not an https URL`)
}
