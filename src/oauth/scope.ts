/** Scope as a set of words in a string (RFC 6749 §3.3), and what Postern makes of the ones that clients ask for. */

/** The words of a scope in their order, each once; blanks at either end and words with forbidden characters are dropped. */
export function readScope(text: string | undefined): string[] {
  const words = (text ?? '').split(/[ \t\r\n]+/).filter((word) => scopeToken.test(word))
  return [...new Set(words)]
}

export function formatScope(words: Iterable<string>): string {
  return [...words].join(' ')
}

/** RFC 6749 §3.3: `%x21 / %x23-5B / %x5D-7E`. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Asks for a refresh token (OpenID Connect Core §11). Accepted always, never needed: Postern issues one regardless. */
export const offlineAccess = 'offline_access'

/** What hosted Claude asked for in 2025, whatever the server offered: it stands for everything offered by default. */
export const claudeAi = 'claudeai'

/** One thing that a person can allow. */
export interface ScopeDefinition {
  name: string
  /** Plain words for the consent page, for example "Use tools that only read". */
  label: string
  /** A sentence under it. */
  explanation: string
  /** A person may untick it. At least one scope of a connector is not optional. */
  optional: boolean
}

export const defaultScopes: readonly ScopeDefinition[] = [
  {
    name: 'read',
    label: 'Look things up',
    explanation: 'Use the tools that only read, and see prompts and resources.',
    optional: false,
  },
  {
    name: 'write',
    label: 'Make changes',
    explanation: 'Use the tools that create, change or delete something.',
    optional: true,
  },
]

/**
 * The offered scopes that a request asks for. Nothing asked, only unknown words, or `claudeai` mean
 * all of them: a client that cannot name a scope would otherwise connect and find that nothing works.
 */
export function requestedScopes(
  asked: string | undefined,
  offered: readonly ScopeDefinition[],
): ScopeDefinition[] {
  const words = new Set(readScope(asked))
  const known = offered.filter((scope) => words.has(scope.name))
  if (known.length === 0 || words.has(claudeAi)) return [...offered]
  return known
}
