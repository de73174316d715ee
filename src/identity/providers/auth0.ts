/** Auth0 (auth0.com/docs/get-started/apis/scopes/sample-use-cases-scopes-and-claims). */

import type { OutsideProvider } from '../identity-provider.ts'
import { type OidcOptions, oidc } from './oidc.ts'

export interface Auth0Options extends Omit<OidcOptions, 'issuer'> {
  /** For example `example.eu.auth0.com`. */
  domain: string
}

/** Its issuer ends in a slash. Groups and roles come under a name that an Action of yours gives them, such as `https://example.com/roles` (`groupsClaim`). */
export function auth0({ domain, ...options }: Auth0Options): OutsideProvider {
  return oidc(
    { name: 'auth0', label: 'Auth0', ...options, issuer: `https://${domain}/` },
    {
      signOutUrl(returnTo) {
        const url = new URL(`https://${domain}/v2/logout`)
        url.searchParams.set('client_id', options.clientId)
        url.searchParams.set('returnTo', returnTo)
        return url
      },
    },
  )
}
