/** The other profiles as the client under test of the official suite: what they fail is what the real clients were documented, read or recorded to do, scenario by scenario. */

import { expect, test } from 'vitest'
import {
  formatFailures,
  type Requirements,
  requiredScenarios,
  runClientScenarios,
} from '../conformance-suite.ts'
import { posternCommand } from '../postern-process.ts'

interface Profile {
  as: string
  /** Those whose servers its client speaks to by itself. */
  requirements: readonly Requirements[]
  /** The scenario that it fails, and why. */
  fails: Readonly<Record<string, string>>
}

const basic = 'sends its secret in the body, never by Basic'
const slash = 'makes a URL of the resource: an origin gets a slash'
const ownScopes = 'asks for the scopes of the metadata, not of the challenge'
const allLists = 'asks for prompts and resources whatever is declared; the suite answers without them'

/** Hosted Claude of 2025 reads no metadata, and the Messages API signs nobody in: they pass next to nothing, as it should be. */
const profiles: readonly Profile[] = [
  {
    as: 'claude-hosted',
    requirements: ['2025-11-25', '2026-07-28'],
    fails: {
      initialize: allLists,
      'request-metadata': allLists,
      'elicitation-sep1034-client-defaults': 'opens no stream, on which it could be asked',
      'sse-retry': 'takes no stream up again',
      'auth/metadata-var2': 'takes only the URL that was typed for the resource, not its origin',
      'auth/metadata-issuer-mismatch': 'is not known to compare the issuer',
      'auth/token-endpoint-auth-basic': basic,
      'auth/pre-registration': basic,
      'sep-2322-client-request-state': 'declares nothing that it could be asked for',
    },
  },
  {
    as: 'claude-code',
    requirements: ['2025-11-25', '2026-07-28'],
    fails: {
      'auth/metadata-var2': slash,
      'auth/scope-from-www-authenticate': ownScopes,
      'auth/scope-step-up': `${ownScopes}; the challenge’s at the next login`,
    },
  },
  {
    as: 'inspector',
    requirements: ['2025-11-25'],
    fails: {
      'elicitation-sep1034-client-defaults': 'nobody answers at a command line',
      'auth/metadata-var2': slash,
      'auth/scope-from-www-authenticate': ownScopes,
      'auth/scope-step-up': 'ends where a scope is missing',
    },
  },
  {
    as: 'chatgpt',
    requirements: ['2025-11-25'],
    fails: {
      'elicitation-sep1034-client-defaults': 'opens no stream, on which it could be asked',
      'sse-retry': 'takes no stream up again',
    },
  },
  {
    as: 'vscode',
    requirements: ['2025-11-25'],
    fails: {
      'auth/metadata-var2': 'takes only the URL that was typed for the resource, not its origin',
      'auth/token-endpoint-auth-basic': basic,
      'auth/pre-registration': basic,
    },
  },
]

const runs = profiles.flatMap(({ as, requirements, fails }) =>
  requirements.map((set) => [as, set, fails] as const),
)

test.each(runs)(
  '%s at %s fails what its client is known to fail',
  { timeout: 300_000 },
  async (as, requirements, fails) => {
    // A call that nobody answers is waited for as long as the client does; the suite would not.
    const command = `${posternCommand} connect --timeout 10 --as ${as}`
    const scenarios = await runClientScenarios({ command, requirements })
    const required = await requiredScenarios('client', requirements)
    const failed = scenarios.filter(({ passed }) => !passed).map(({ name }) => name)
    const expected = Object.keys(fails).filter((name) => required.includes(name))
    expect(failed.toSorted(), formatFailures(scenarios).join('\n')).toEqual(expected.toSorted())
  },
)
