/** Judges proofs of possession (RFC 9449 §4.3), each once. */

import { verifyProof } from '../oauth/dpop.ts'
import { OAuthError } from '../oauth/errors.ts'
import { hashToken } from '../platform/crypto.ts'
import type { AuthorizationServerSettings } from './settings.ts'

export interface Proofs {
  /** The thumbprint of the key that was proved, for a request to one of these paths; undefined where none is offered. Throws `invalid_dpop_proof`. */
  read(request: Request, paths: readonly string[]): Promise<string | undefined>
  /** The thumbprint, for a token that is shown with it; undefined for what proves nothing. */
  find(
    proof: string,
    use: { method: string; urls: readonly string[]; accessToken: string },
  ): Promise<string | undefined>
}

/** Of one key at one time; in the ten minutes that a proof can be good for, sixteen a second. */
const maximumRemembered = 10_000

export function createProofs(settings: AuthorizationServerSettings): Proofs {
  const { issuer, storage, clock } = settings

  async function judge(
    proof: string,
    method: string,
    urls: readonly string[],
    accessToken: string | undefined,
  ): Promise<{ thumbprint: string } | { fault: string }> {
    const verified = await verifyProof(proof, { method, urls, accessToken, now: clock() })
    if ('fault' in verified) return verified
    const { thumbprint, id, expiresAt } = verified
    const owner = hashToken(`proofs by ${thumbprint}`)
    const idHash = hashToken(`${owner} ${id}`)
    const taken = await storage.takeUniqueId({ idHash, owner, expiresAt }, maximumRemembered, clock())
    if (taken === 'already-taken') return { fault: 'it was used before; make one for each request' }
    if (taken === 'full') return { fault: 'too many proofs by this key in too short a time' }
    return { thumbprint }
  }

  return {
    async read(request, paths) {
      const proof = request.headers.get('dpop')
      if (proof === null) return undefined
      const urls = paths.map((path) => issuer + path)
      const judged = await judge(proof, request.method, urls, undefined)
      if ('thumbprint' in judged) return judged.thumbprint
      throw new OAuthError('invalid_dpop_proof', `the DPoP proof was not accepted: ${judged.fault}`)
    },
    async find(proof, { method, urls, accessToken }) {
      const judged = await judge(proof, method, urls, accessToken)
      return 'thumbprint' in judged ? judged.thumbprint : undefined
    },
  }
}
