/** Who is signed in at this browser: a random token in a cookie, of which only the hash is stored (OWASP session management). */

import type { Clock } from '../platform/clock.ts'
import { hashToken } from '../platform/crypto.ts'
import type { AccountStorage, SessionStorage, UserRecord } from '../storage/storage.ts'
import { createBrowserCookie } from './browser-cookie.ts'

export interface BrowserSessions {
  findUser(request: Request): Promise<UserRecord | undefined>
  /** Always a new token, so that one planted before sign-in is worth nothing; the old session ends. Returns Set-Cookie. */
  begin(request: Request, userId: string): Promise<string>
  end(request: Request): Promise<string>
}

/** From sign-in, whatever is done meanwhile: a working day. */
export const sessionSeconds: number = 12 * 3600

export function createBrowserSessions(
  storage: Pick<AccountStorage, 'findUser'> & SessionStorage,
  origin: string,
  clock: Clock,
): BrowserSessions {
  const cookie = createBrowserCookie(origin, 'postern', 'pst_bs_')

  async function forget(request: Request): Promise<void> {
    const token = cookie.find(request)
    if (token !== undefined) await storage.removeBrowserSession(hashToken(token))
  }

  return {
    async findUser(request) {
      const token = cookie.find(request)
      if (token === undefined) return undefined
      const session = await storage.findBrowserSession(hashToken(token), clock())
      return session === undefined ? undefined : storage.findUser(session.userId)
    },
    async begin(request, userId) {
      await forget(request)
      const token = cookie.mint()
      const createdAt = clock()
      const expiresAt = createdAt + sessionSeconds
      await storage.saveBrowserSession({ sessionHash: hashToken(token), userId, createdAt, expiresAt })
      return cookie.set(token, sessionSeconds)
    },
    async end(request) {
      await forget(request)
      return cookie.clear()
    },
  }
}
