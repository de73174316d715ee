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

/** True only for an address that anybody on the internet could reach: no private, loopback, link-local, CGNAT or reserved range (RFC 6890). */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'unicast'
}

export function isIpLiteral(hostname: string): boolean {
  return ipaddr.isValid(hostname.replace(/^\[|\]$/g, ''))
}
