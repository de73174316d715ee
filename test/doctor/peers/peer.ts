// A server that others wrote, running on this machine.

export interface Peer {
  url: string
  close(): void
}
