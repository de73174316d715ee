/** The link by which the first account is made (house rule 14): its token travels in the fragment and is stored as a hash. */

import type { Clock } from '../platform/clock.ts'
import { hashToken, type Random, randomToken } from '../platform/crypto.ts'
import type { AccountStorage } from '../storage/storage.ts'

export const setupLinkSeconds = 1800

/** Replaces an earlier link. To be called at each start until there is an account. */
export async function createSetupLink(options: {
  storage: Pick<AccountStorage, 'saveSetupLink'>
  clock: Clock
  random?: Random | undefined
}): Promise<string> {
  const token = `pst_su_${randomToken(options.random)}`
  await options.storage.saveSetupLink(hashToken(token), options.clock() + setupLinkSeconds)
  return token
}

/** A fragment never leaves the browser, so no proxy, log or Referer sees the token. */
export function formatSetupLink(origin: string, token: string): string {
  return `${origin}/setup#${token}`
}
