/** Google accounts and Google Workspace (developers.google.com/identity/openid-connect). */

import { type EntryRules, namedRules } from '../entry-rules.ts'
import type { OutsideProvider } from '../identity-provider.ts'
import { type OidcOptions, oidc, textOf } from './oidc.ts'

export interface GoogleOptions extends Omit<OidcOptions, 'issuer' | 'groupsClaim' | 'signOut' | 'enter'> {
  clientSecret: string
  /** Everybody on earth can have an account there, so this has to be said. */
  enter: EntryRules | 'anybody'
}

/** Its domains are organisations (`hd`): an address in a domain can belong to an account outside of it. It tells no groups. */
export function google({ enter, ...options }: GoogleOptions): OutsideProvider {
  const rules = namedRules(enter, 'Google')
  const [domain, ...others] = rules.domains ?? []
  // Shows the right accounts; what decides is the claim.
  const hint = domain === undefined ? {} : { hd: others.length === 0 ? domain : '*' }
  return oidc(
    {
      name: 'google',
      label: 'Google',
      ...options,
      issuer: 'https://accounts.google.com',
      parameters: { prompt: 'select_account', ...hint, ...options.parameters },
      enter: rules,
    },
    { domainOf: ({ hd }) => textOf(hd), groupsOf: () => undefined },
  )
}
