/** The seventeen rules of docs/security.md, as requirements that a test can break on purpose. */

import type { Requirement } from './requirement.ts'

export const securityRulesRequirements: readonly Requirement[] = [
  {
    id: 'HS-01',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "A stdio upstream sees PATH, HOME, LANG, TMPDIR and what `--env` names, never a POSTERN_* variable; each principal has its own process unless `shared` is chosen, which needs a credential that is none or static and keeps callers' ids, progress and notifications apart.",
    source: 'docs/security.md rule 1',
  },
  {
    id: 'HS-02',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A refresh token presented again gets the same answer while its successor is unused or was first used within the grace; later the family is revoked, with one audit event; a live token cannot be computed from the database and every earlier token.',
    source: 'docs/security.md rule 2',
  },
  {
    id: 'HS-03',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      "Equal registrations share one stored row and each has a client id of its own that is valid by its mac; rows that differ in the client's name alone are capped and expire.",
    source: 'docs/security.md rule 3',
  },
  {
    id: 'HS-04',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'An unknown client at the authorization endpoint is recovered only if its id carries our mac or its redirect URI is a built-in one; consent is shown; otherwise a page says how to remove and add the connector.',
    source: 'docs/security.md rule 4',
  },
  {
    id: 'HS-05',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The master key is in a file of mode 0600, the environment or a KMS; the database holds only keys wrapped by it, and rotation works while running.',
    source: 'docs/security.md rule 5',
  },
  {
    id: 'HS-06',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Everything is protected unless listed as public, decided on the parsed body; lists for a stranger hide what policy hides; an anonymous session carries nothing over when it gains a principal, and a bound one never becomes anonymous.',
    source: 'docs/security.md rule 6',
  },
  {
    id: 'HS-07',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Consent is never remembered for loopback or custom-scheme redirects, and elsewhere only where the operator switched it on, by user, client, redirect, connector and scopes.',
    source: 'docs/security.md rule 7',
  },
  {
    id: 'HS-08',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence:
      "A resource's scheme and host come from configuration, its path is case-sensitive, one trailing slash and declared aliases are the same resource, a query is echoed in the metadata and ignored for the audience, and no tenant equals another.",
    source: 'docs/security.md rule 8',
  },
  {
    id: 'HS-09',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'An identity signed for an upstream names that upstream, lives sixty seconds at most and has an id; a header of that name from outside is stripped; the trusted-header provider starts only with listed proxies.',
    source: 'docs/security.md rule 9',
  },
  {
    id: 'HS-10',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "Credentials that users supply go only to accounts that match the operator's pattern, through the guarded fetch, with five checks per user and hour; consent for a second client says that the stored one will be used; removing it ends the sessions that use it.",
    source: 'docs/security.md rule 10',
  },
  {
    id: 'HS-11',
    level: 'DECISION',
    actor: 'proxy',
    sentence:
      "Our own consent comes before any redirect to an identity provider or upstream authorization server; its state is bound to the browser session and single-use; Claude's `prompt=consent` is not passed on; the cookie is `__Host-` and SameSite=Lax.",
    source: 'docs/security.md rule 11',
  },
  {
    id: 'HS-12',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A loopback peer address grants nothing, and `Host` must be a loopback name when bound to loopback, or the host of the public URL.',
    source: 'docs/security.md rule 12',
  },
  {
    id: 'HS-13',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Instances talk to each other only on a listener of its own that is off by default, to peers known from the database, authenticated over method, path, digest, time and nonce, in one hop, with the principal checked again from the token.',
    source: 'docs/security.md rule 13',
  },
  {
    id: 'HS-14',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The setup link carries its token in the fragment, stored hashed for thirty minutes; GET consumes nothing, two submissions make one account, and afterwards it is 404; secrets are never taken from arguments alone.',
    source: 'docs/security.md rule 14',
  },
  {
    id: 'HS-15',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "The doctor's page has a random token in its URL, checks Host and Origin, binds to loopback, and guards every target that was not typed in the terminal.",
    source: 'docs/security.md rule 15',
  },
  {
    id: 'HS-16',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A code is validated, then taken: a wrong resource or redirect does not burn it, five wrong verifiers do, and a replay with a wrong verifier revokes nothing.',
    source: 'docs/security.md rule 16',
  },
  {
    id: 'HS-17',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Before the 401 come only preflight, Host, Origin and the source allow-list; an absent Origin, our own, claude.ai, claude.com and loopback pass; the first probe and discovery are never answered with 429.',
    source: 'docs/security.md rule 17',
  },
]
