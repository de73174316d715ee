/** What may stand in a header of ours, and how a template is filled (RFC 9110 §5.5). */

/** Headers that the transport sets by itself; a fixed value would break every exchange. */
export function ownHeader(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !transportHeaders.test(name)
}

const transportHeaders =
  /^(?:host|connection|content-length|content-type|transfer-encoding|accept|accept-encoding|te|trailer|upgrade|cookie|x-forwarded-.*|mcp-.*|last-event-id)$/i

/** Visible ASCII and blanks: nothing that could end a header and begin another. */
export function plainValue(value: string): boolean {
  return /^[\x20-\x7e]+$/.test(value)
}

/** `{name}` stands for a value. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(placeholder)].map(([, name]) => name ?? '')
}

export function fill(template: string, find: (name: string) => string): string {
  return template.replaceAll(placeholder, (_, name: string) => find(name))
}

const placeholder = /\{([a-z][a-z0-9_]*)\}/gi
