/** Why a token was refused to the few clients that prove a key (RFC 9449) or bring the word of a company (enterprise-managed authorization). */

import type { Diagnosis } from './diagnosis.ts'
import { isTokenRefused } from './evidence.ts'
import { building } from './sources.ts'

const managed = `${building}/enterprise-managed-auth`
const identityAssertion = 'https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/'
const noToken = 'the connector cannot be used; nothing is asked of the person'

export const extensionDiagnoses: readonly Diagnosis[] = [
  refused('unproven-client', {
    id: 'vouching-without-client-proof',
    rows: ['E2'],
    seen: 'A client that has no secret and no key brought the word of a company about a person.',
    cause: 'It registered itself or has only a metadata document, as claude.ai does.',
    fix: 'List it with `--unproven-client` (`claude` for claude.ai), or give it credentials made by `postern clients create --confidential`.',
    sources: [managed, identityAssertion],
  }),
  refused('unknown-issuer', {
    id: 'issuer-not-trusted',
    rows: ['E3'],
    seen: 'The word of an issuer about a person came, and the issuer is not on the list.',
    cause: 'The issuer is missing in `--trust-issuer`, or is written in another way: a final slash counts.',
    fix: 'Take `issuer` from its discovery document, letter for letter, and give it to `--trust-issuer`. The log has the one that came.',
    sources: [managed],
  }),
  refused('issuer-silent', {
    id: 'issuer-keys-unreadable',
    rows: ['E3'],
    seen: 'The keys of a trusted issuer could not be read, so that nothing by it could be verified.',
    cause:
      'Its discovery document or its keys cannot be fetched from here over https, or the document names another issuer.',
    fix: 'Fetch `/.well-known/openid-configuration` of the issuer from this machine: it must be JSON with that very `issuer` and a `jwks_uri`.',
    sources: [managed],
  }),
  refused('assertion', {
    id: 'assertion-refused',
    rows: ['E3'],
    seen: 'The word of a trusted issuer about a person did not hold for this client, this server or this connector.',
    cause:
      'It is for another `aud` than this issuer, for another client or resource, has expired, was used before, or allows no scope that is offered here.',
    fix: 'The log says which. At the issuer, set the audience to the public URL of this server and the resource to the URL of the connector; compare the clocks.',
    sources: [managed, identityAssertion],
  }),
  refused('person', {
    id: 'vouched-person-not-let-in',
    rows: ['E5'],
    seen: 'A trusted issuer vouched for a person whom this connector does not let in.',
    cause: 'The person is not on the list of the connector, or may not join here.',
    fix: 'Put the account on the list of the connector (`postern users list` has its name), or let new people of the issuer join.',
    sources: [managed],
  }),
  refused('proof', {
    id: 'key-not-proved',
    rows: [],
    seen: 'A client that proves a key (DPoP) sent no proof, or one that does not fit the request.',
    cause:
      'Its clock is off by more than five minutes, or it signs for another URL than the public one of this server.',
    fix: 'Set the clock of the client; see that `--public-url` is the URL that it uses.',
    sources: ['https://www.rfc-editor.org/rfc/rfc9449#section-4.3'],
  }),
]

function refused(detail: string, diagnosis: Omit<Diagnosis, 'fits' | 'shown'>): Diagnosis {
  return { ...diagnosis, shown: noToken, fits: (evidence) => isTokenRefused(evidence, detail) }
}
