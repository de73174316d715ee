/** Authorization requests that a client hands in before it sends the browser (RFC 9126): what it gets back, and how it is read again. */

const prefix = 'urn:ietf:params:oauth:request_uri:'

/** RFC 9126 §2.2: a name for what was handed in, that nobody guesses. */
export function formatRequestUri(reference: string): string {
  return prefix + reference
}

/** Undefined for an address that was never given out, such as one of somebody else's request object (RFC 9101 §5.2), which is not fetched. */
export function readRequestUri(text: string): string | undefined {
  return text.startsWith(prefix) && text.length <= 200 ? text.slice(prefix.length) : undefined
}

export interface PushedAnswer {
  requestUri: string
  expiresInSeconds: number
}

export function formatPushedAnswer({ requestUri, expiresInSeconds }: PushedAnswer): Record<string, unknown> {
  return { request_uri: requestUri, expires_in: expiresInSeconds }
}
