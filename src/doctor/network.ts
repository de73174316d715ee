/** What lies below HTTP and is looked at by itself: names, addresses and certificates. The lab supplies its own. */

export interface Network {
  /** Every IPv4 and IPv6 address of a name; none for a name that does not exist. */
  addresses(hostname: string, seconds: number): Promise<readonly string[]>
  /** A TLS handshake that trusts what a server-side client trusts, and fetches no missing certificate. */
  handshake(hostname: string, port: number, seconds: number): Promise<HandshakeFacts>
}

export type HandshakeFacts =
  | { trusted: true; validUntilAt: number | undefined }
  | { trusted: false; reason: HandshakeFailure; says: string }

export type HandshakeFailure =
  | 'incomplete-chain'
  | 'unknown-authority'
  | 'expired'
  | 'wrong-name'
  | 'reset'
  | 'no-answer'
  | 'other'

/** What is known of one host that Claude has to reach. */
export interface HostFacts {
  hostname: string
  port: number
  isHttps: boolean
  /** What is there: the MCP server, its metadata, or the authorization server. */
  roles: readonly string[]
  /** Undefined when the name was not asked, because it is an address or on this machine. */
  addresses: readonly string[] | undefined
  handshake: HandshakeFacts | undefined
}
