/** Which hosts may be at a private address: those that a person typed, never those that a stranger's metadata names (MCP security best practices on SSRF). */

import { isIpLiteral, isLocalhostName, isLoopbackHost, isPublicAddress } from '../platform/url.ts'

export type MayBePrivate = (hostname: string) => boolean

/** The typed host may; who typed a host of this machine or by a private address is at home, and may go to the others there. */
export function privateHostsOf(typedUrl: string): MayBePrivate {
  const typed = new URL(typedUrl).hostname
  if (isLoopbackHost(typed) || isLocalhostName(typed)) return () => true
  if (isIpLiteral(typed) && !isPublicAddress(typed)) return () => true
  return (hostname) => hostname.toLowerCase() === typed
}
