/** Which hosts may be at a private address: those that a person typed, never those that a stranger's metadata names (MCP security best practices on SSRF). */

import { isIpLiteral, isLocalhostName, isLoopbackHost, isPublicAddress } from '../platform/url.ts'

export type MayBePrivate = (hostname: string) => boolean

/** The typed host may; who typed a host of this machine or by a private address is at home, and may go to the others there, as may who allowed it. */
export function privateHostsOf(typedUrl: string, isAllowed = false): MayBePrivate {
  const typed = new URL(typedUrl).hostname
  if (isAllowed || isPrivateAtSight(typed)) return () => true
  return (hostname) => hostname.toLowerCase() === typed
}

/** Before anybody is asked for its address: this machine, by name or address, or another address that is not public. */
export function isPrivateAtSight(hostname: string): boolean {
  if (isLoopbackHost(hostname) || isLocalhostName(hostname)) return true
  return isIpLiteral(hostname) && !isPublicAddress(hostname)
}
