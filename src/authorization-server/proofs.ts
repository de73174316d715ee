/** Judges proofs of possession (RFC 9449 §4.3), each once. */

import { type ProofExpectations, verifyProof } from '../oauth/dpop.ts'
import { OAuthError } from '../oauth/errors.ts'
import { hashToken } from '../platform/crypto.ts'
import type { AuthorizationServerSettings, GuardedResource } from './settings.ts'

/** A proof that is right for its request, and may have been shown before. */
export interface ShownProof {
  /** Of the key that was proved. */
  thumbprint: string
  /** Once, when all else is found right: what strangers show is not remembered. A fault in words where it came before. */
  spend(): Promise<string | undefined>
}

export interface Proofs {
  /** For a request to one of these paths; undefined where none is offered. Throws `invalid_dpop_proof`. */
  read(request: Request, paths: readonly string[]): Promise<ShownProof | undefined>
  /** For a token that is shown with it; undefined for what proves nothing. */
  find(
    proof: string,
    use: { method: string; urls: readonly string[]; accessToken: string },
  ): Promise<ShownProof | undefined>
}

/** Of one key at one time; in the ten minutes that a proof can be good for, sixteen a second. */
const maximumRemembered = 10_000

export function createProofs(settings: AuthorizationServerSettings): Proofs {
  const { issuer, storage, clock } = settings

  async function judge(
    proof: string,
    expected: Omit<ProofExpectations, 'now'>,
  ): Promise<ShownProof | { fault: string }> {
    const verified = await verifyProof(proof, { ...expected, now: clock() })
    if ('fault' in verified) return verified
    const { thumbprint, id, expiresAt } = verified
    const owner = hashToken(`proofs by ${thumbprint}`)
    const unique = { idHash: hashToken(`${owner} ${id}`), owner, expiresAt }
    const spend = async (): Promise<string | undefined> => {
      const taken = await storage.takeUniqueId(unique, maximumRemembered, clock())
      if (taken === 'already-taken') return 'it was used before; make one for each request'
      return taken === 'full' ? 'too many proofs by this key in too short a time' : undefined
    }
    return { thumbprint, spend }
  }

  return {
    async read(request, paths) {
      const proof = request.headers.get('dpop')
      if (proof === null) return undefined
      const urls = paths.map((path) => issuer + path)
      const judged = await judge(proof, { method: request.method, urls, accessToken: undefined })
      if ('fault' in judged) throw refusal(judged.fault)
      return judged
    },
    async find(proof, use) {
      const judged = await judge(proof, use)
      return 'fault' in judged ? undefined : judged
    },
  }
}

/** Throws `invalid_dpop_proof` where none was shown and tokens for the resource are bound to a key. */
export function requireProof(
  proof: ShownProof | undefined,
  resource: Pick<GuardedResource, 'boundTokensOnly'> | undefined,
): void {
  if (proof === undefined && resource?.boundTokensOnly === true)
    throw new OAuthError(
      'invalid_dpop_proof',
      'tokens for this resource are bound to a key; send a DPoP proof',
    )
}

/** Throws `invalid_dpop_proof` for one that came before; of two at once, for one. */
export async function spendProof(proof: ShownProof | undefined): Promise<void> {
  const fault = await proof?.spend()
  if (fault !== undefined) throw refusal(fault)
}

function refusal(fault: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `the DPoP proof was not accepted: ${fault}`)
}
