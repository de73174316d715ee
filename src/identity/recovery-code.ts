/** Recovery codes: for a person to write down, and worth nothing to whoever reads the database (NIST SP 800-63B §3.1.2). */

import { hashToken, type Random, systemRandom, type TokenHash } from '../platform/crypto.ts'

/** 80 random bits in four groups. */
export function recoveryCode(random: Random = systemRandom): string {
  const letters = Array.from(random(codeLength), (byte) => alphabet[byte % alphabet.length])
  return letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** So many bits need no slow hash. Read as people write: in any case, with any gaps, and 0 and 1 for the letters like them. */
export function hashRecoveryCode(userId: string, code: string): TokenHash {
  const canonical = code
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
  return hashToken(`recovery ${userId} ${canonical}`)
}

/** Crockford's base 32, where no two are alike; 32 letters, so that no remainder favours one. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const codeLength = 16
