/** What lies below HTTP and is looked at by itself: names, addresses and certificates. An argument, so that a test supplies its own. */

export interface Network {
  /** Every IPv4 and IPv6 address of a name; none for a name that does not exist. Rejects when nobody could be asked. */
  addresses(hostname: string, seconds: number): Promise<readonly string[]>
  /** A TLS handshake that trusts what a program on a server trusts, and fetches no missing certificate. */
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
