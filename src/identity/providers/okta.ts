/** Okta (developer.okta.com/docs/guides/customize-tokens-groups-claim). */

import type { OutsideProvider } from '../identity-provider.ts'
import { type OidcOptions, oidc } from './oidc.ts'

export interface OktaOptions extends Omit<OidcOptions, 'issuer'> {
  /** For example `example.okta.com`. */
  domain: string
  /** Of the authorization server, for example `default`; undefined for that of the organisation. */
  authorizationServer?: string | undefined
}

/** Groups come only where the scope is asked for and a claim is set up for it. */
export function okta({ domain, authorizationServer, ...options }: OktaOptions): OutsideProvider {
  const wantsGroups = options.enter?.groups !== undefined || options.enter?.admins?.groups !== undefined
  const path = authorizationServer === undefined ? '' : `/oauth2/${encodeURIComponent(authorizationServer)}`
  return oidc({
    name: 'okta',
    label: 'Okta',
    scopes: ['openid', 'profile', 'email', ...(wantsGroups ? ['groups'] : [])],
    ...options,
    issuer: `https://${domain}${path}`,
  })
}
