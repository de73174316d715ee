/** Whoever comes without a token, where that is allowed: each session is a stranger of its own, and requests without a session share one that nobody is (house rule 6). */

import { randomId } from '../platform/crypto.ts'

/** Several people may be behind it. */
export const sharedStranger = 'anonymous'

export function newStranger(): string {
  return `${sharedStranger}:${randomId()}`
}

/** Of a caller and of a session alike: every token belongs to a client, and no client has an empty id. */
export function isStranger({ clientId }: { clientId: string }): boolean {
  return clientId === ''
}
