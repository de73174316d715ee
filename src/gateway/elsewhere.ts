/** What the gateway asks of whoever knows the other instances: that a call for a process which lives on one of them is answered there (house rule 13). */

import type { TokenHash } from '../platform/crypto.ts'

export interface Elsewhere {
  /** The answer of the instance where this caller's processes live, or, where that is this one, the request that is to be answered here. */
  passOn(call: PassedCall): Promise<Response | Request>
}

export interface PassedCall {
  request: Request
  /** Whose processes are meant: a person with a client at a connector. */
  callerKey: string
  /** By which the other instance finds the person anew; the token itself stays here. */
  tokenHash: TokenHash
  /** Longer bodies are refused. */
  bodyBytes: number
}
