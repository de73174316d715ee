/** Connectors without sign-in: each session is a stranger of its own, and requests without a session share one that nobody is (house rule 6). */

import { randomId } from '../platform/crypto.ts'

/** Several people may be behind it. */
export const sharedStranger = 'anonymous'

export function newStranger(): string {
  return `${sharedStranger}:${randomId()}`
}

/** A session of somebody who signed in is never a stranger's. */
export function isStranger(userId: string): boolean {
  return userId.startsWith(`${sharedStranger}:`)
}
