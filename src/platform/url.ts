/** Reading URLs and hosts (WHATWG URL), where a mistake would send a browser or a secret to the wrong place. */

import ipaddr from 'ipaddr.js'

/** The URL, or undefined; never throws. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

/** 127.0.0.0/8, ::1 and the name localhost (RFC 8252 §7.3, and `localhost` because Claude Code uses it). */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === 'localhost') return true
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback'
}

/** What is sent there is read by nobody on the way: https, or http that does not leave this machine (OAuth 2.1 §1.5). */
export function isSecureOrLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

/** Names that a resolver answers with loopback, whatever DNS says: localhost and all below it, with or without the final dot (RFC 6761 §6.3). */
export function isLocalhostName(hostname: string): boolean {
  return /^(?:.+\.)?localhost\.*$/i.test(hostname)
}

/** True only for an address that anybody on the internet could reach: no private, loopback, link-local, CGNAT or reserved range (RFC 6890). */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(bare)) return false
  const parsed = ipaddr.process(bare)
  if (parsed.range() !== 'unicast') return false
  // Global unicast is 2000::/3 (RFC 4291 §2.4); outside it are `::127.0.0.1` and what nobody was given yet.
  return parsed.kind() === 'ipv4' || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}

export function isIpLiteral(hostname: string): boolean {
  return ipaddr.isValid(hostname.replace(/^\[|\]$/g, ''))
}
