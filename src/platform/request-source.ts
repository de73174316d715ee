/** Where a request comes from, as far as that can be known: its peer, or whom a listed proxy names (X-Forwarded-For). A hint for limits and a list to judge by, never a credential. */

import ipaddr from 'ipaddr.js'

/** What the listener knows of a request beside the request itself. */
export interface Connection {
  /** Of the socket. */
  peerAddress?: string | undefined
}

export type IpRange = ReturnType<typeof ipaddr.parseCIDR>

/** `160.79.104.0/21`, or one address alone; undefined for anything else. */
export function readIpRange(text: string): IpRange | undefined {
  if (ipaddr.isValid(text)) {
    const address = ipaddr.process(text)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  }
  if (!ipaddr.isValidCIDR(text)) return undefined
  const [network, bits] = ipaddr.parseCIDR(text)
  // A network that is written with an address inside it is most often a slip.
  const isNetwork = network.toString() === networkOf(network, bits)
  return isNetwork ? [network, bits] : undefined
}

function networkOf(address: IpRange[0], bits: number): string {
  const bytes = address.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff << (8 - kept)) & 0xff
  })
  return ipaddr.fromByteArray(bytes).toString()
}

export function isInRanges(address: string | undefined, ranges: readonly IpRange[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits))
}

/**
 * The address that asked. Forwarded addresses are believed from the right, for as long as a listed proxy stands behind
 * each: what stands further left was written by whoever sent it. Undefined where a listed proxy names nobody.
 */
export function sourceAddress(
  forwardedFor: string | null,
  { peerAddress }: Connection,
  proxies: readonly IpRange[],
): string | undefined {
  if (peerAddress === undefined || !ipaddr.isValid(peerAddress)) return undefined
  const named = (forwardedFor ?? '').split(',').map((part) => part.trim())
  let address = ipaddr.process(peerAddress).toString()
  while (isInRanges(address, proxies)) {
    const next = named.pop()
    if (next === undefined || next === '') return undefined
    const bare = next.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
    if (!ipaddr.isValid(bare)) return undefined
    address = ipaddr.process(bare).toString()
  }
  return address
}

/** One customer's addresses under one name: an IPv6 host has as many as it likes within its /64. */
export function sourceName(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv4' ? parsed.toString() : networkOf(parsed, 64)
}
