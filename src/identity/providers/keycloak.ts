/** Keycloak (keycloak.org/docs/latest/server_admin, "Protocol mappers"). */

import type { OutsideProvider } from '../identity-provider.ts'
import { listOf, type OidcOptions, oidc } from './oidc.ts'

export interface KeycloakOptions extends Omit<OidcOptions, 'issuer'> {
  /** For example `https://sso.example.com`, with the `/auth` of older versions. */
  url: string
  realm: string
}

/** Groups need a mapper "Group Membership", and come with a slash before them; roles of the realm are `groupsClaim: 'realm_access.roles'`. */
export function keycloak({ url, realm, ...options }: KeycloakOptions): OutsideProvider {
  return oidc(
    {
      name: 'keycloak',
      label: 'Keycloak',
      ...options,
      issuer: `${url.replace(/\/+$/, '')}/realms/${encodeURIComponent(realm)}`,
    },
    { groupsOf: (_, found) => listOf(found)?.map((group) => group.replace(/^\//, '')) },
  )
}
