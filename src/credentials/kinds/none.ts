/** An upstream that wants no credential, or gets it in another way. */

import type { FixedCredential } from '../upstream-credential.ts'

export function noCredential(): FixedCredential {
  return { kind: 'fixed', headers: {} }
}
