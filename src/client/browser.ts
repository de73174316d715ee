/** The browser of the person who signs in, as the connector sees it: sent to one URL, it comes back at another. */

import { parseUrl } from '../platform/url.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { TranscriptWriter } from './transcript.ts'
import type { Wire } from './wire.ts'

export interface Visit {
  authorizationUrl: string
  redirectUri: string
  /** Listening at the redirect URI; undefined when that is not on this machine. */
  callback: CallbackListener | undefined
  wire: Wire
  transcript: TranscriptWriter
  /** Nobody waits for it any more. */
  signal: AbortSignal | undefined
}

export interface Browser {
  name: 'system' | 'headless' | 'fetch'
  /** Can read a redirect to an address that is not ours before it leaves, as Claude's own callback asks. */
  catchesForeignRedirects: boolean
  /** The whole URL at the redirect URI that the browser was sent to. Throws `ConnectFailure`. */
  visit(visit: Visit): Promise<string>
}

/** A listener for the redirect on this machine (RFC 8252 §7.3). */
export interface CallbackListener {
  port: number
  /** The URL of the first request that carries an answer. */
  received: Promise<string>
  close(): Promise<void>
}

/** Rejects when `preferredPort` is taken and `onlyThatPort`; else another one is used. */
export type OpenCallback = (options: {
  host: string
  path: string
  preferredPort: number | undefined
}) => Promise<CallbackListener>

/** The URL is the redirect URI, with an answer in its query (or, for a server that is mistaken, in its fragment). */
export function isAtRedirectUri(url: string, redirectUri: string): boolean {
  if (!url.startsWith(redirectUri)) return false
  const next = url.charAt(redirectUri.length)
  return next === '' || next === '?' || next === '#' || (next === '&' && redirectUri.includes('?'))
}

export interface Patience {
  seconds: number
  /** What is said when it ends. */
  says: string
  signal: AbortSignal | undefined
}

/** Throws `ConnectFailure` when it takes longer, and the reason of the signal; neither of them holds the program afterwards. */
export async function withPatience<T>(waited: Promise<T>, { says, seconds, signal }: Patience): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new ConnectFailure('sign-in', says)), seconds * 1000)
  const onAbort = (): void => reject(signal?.reason)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([waited, ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** How buttons that agree to a consent are named, in English; one that also says no is none. */
export const approvalWords: RegExp = /\b(allow|approve|authori[sz]e|accept|continue|yes|grant)\b/i
export const refusalWords: RegExp =
  /\b(deny|cancel|reject|decline|refuse|don.?t|do not|no|abort|not now|disallow)\b/i

/**
 * A password is typed only where the authorization endpoint itself is, and sent only there: to other hosts the sign-in
 * merely leads, and nobody said that they are the ones that the password is of.
 */
export function refuseForeignLogin(visit: Visit, ...places: readonly string[]): void {
  const origin = parseUrl(visit.authorizationUrl)?.origin
  const foreign = places.find((place) => parseUrl(place)?.origin !== origin)
  if (foreign === undefined) return
  throw new ConnectFailure(
    'sign-in',
    `the sign-in leads to ${parseUrl(foreign)?.origin ?? 'nowhere'}, which the server’s metadata does not name: the password was not typed there; sign in with --browser system, or tell by a login script what is to be typed`,
  )
}
