/** The Bearer challenge of a protected resource (RFC 6750 §3, RFC 9728 §5.1), written and read. */

export interface BearerChallenge {
  resourceMetadata: string | undefined
  scope: string | undefined
  /** Absent when the request carried no credential at all (RFC 6750 §3.1). */
  error: string | undefined
  errorDescription: string | undefined
}

export function formatBearerChallenge(challenge: BearerChallenge): string {
  const parameters = [
    ['error', challenge.error],
    ['error_description', challenge.errorDescription],
    ['resource_metadata', challenge.resourceMetadata],
    ['scope', challenge.scope],
  ]
  const written = parameters
    .filter((parameter): parameter is [string, string] => parameter[1] !== undefined)
    .map(([name, value]) => `${name}="${quotable(value)}"`)
  return `Bearer ${written.join(', ')}`
}

/** RFC 6750 §3: nothing outside %x20-21 / %x23-5B / %x5D-7E, so a quote never has to be escaped. */
function quotable(value: string): string {
  return value.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); the scheme is compared without case (OAuth 2.1 §5.1.1). */
export function readBearer(authorization: string | null | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1]
}

/** One challenge of a WWW-Authenticate header: the scheme in lower case, parameter names in lower case. */
export interface Challenge {
  scheme: string
  parameters: ReadonlyMap<string, string>
}

/** RFC 9110 §11.6.1: several challenges may share one header or come in several. Never throws; what cannot be read is left out. */
export function readChallenges(header: string | null | undefined): Challenge[] {
  const challenges: Array<{ scheme: string; parameters: Map<string, string> }> = []
  let rest = header ?? ''
  while (rest.length > 0) {
    const parameter = /^[\s,]*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/.exec(rest)
    const current = challenges.at(-1)
    if (parameter !== null && current !== undefined) {
      const name = (parameter[1] ?? '').toLowerCase()
      const value = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3] ?? ''
      if (!current.parameters.has(name)) current.parameters.set(name, value)
      rest = rest.slice(parameter[0].length)
      continue
    }
    const scheme = /^[\s,]*([!#$%&'*+.^_`|~\w-]+)(?=[\s,]|$)/.exec(rest)
    if (scheme !== null) {
      challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() })
      rest = rest.slice(scheme[0].length)
      continue
    }
    rest = rest.slice(unreadable.exec(rest)?.[0].length ?? rest.length)
  }
  return challenges
}

/** What fits nowhere is passed over whole: never the inside of a quoted string, and never one character after another of a long one. */
const unreadable = /^(?:[\s,]+|"(?:[^"\\]|\\.)*"?|[^\s,"]+)/s

export function findBearerChallenge(header: string | null | undefined): BearerChallenge | undefined {
  const bearer = readChallenges(header).find(({ scheme }) => scheme === 'bearer')
  if (bearer === undefined) return undefined
  return {
    resourceMetadata: bearer.parameters.get('resource_metadata'),
    scope: bearer.parameters.get('scope'),
    error: bearer.parameters.get('error'),
    errorDescription: bearer.parameters.get('error_description'),
  }
}
