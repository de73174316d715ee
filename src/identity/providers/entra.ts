/** Microsoft Entra ID, of one company or of several (learn.microsoft.com/entra/identity-platform/v2-protocols-oidc). */

import type { OutsideProvider } from '../identity-provider.ts'
import { type Claims, listOf, type OidcOptions, oidc, textOf } from './oidc.ts'

export interface EntraOptions extends Omit<OidcOptions, 'issuer' | 'groupsClaim'> {
  /** The directory (tenant) id; or `organizations` for several, which then have to be named in `enter.tenants`. */
  tenant: string
}

/**
 * Its e-mail addresses are whatever an administrator of any tenant wrote there, and verified only where it says so
 * (`xms_edov`); so companies are told apart by their tenants. Whoever is in very many groups gets none in the token.
 */
export function entra({ tenant, ...options }: EntraOptions): OutsideProvider {
  if (!isTenantId(tenant) && tenant !== 'organizations')
    throw new TypeError(`the tenant ${JSON.stringify(tenant)} must be a directory id, or organizations`)
  const { tenants = isTenantId(tenant) ? [tenant] : undefined } = options.enter ?? {}
  if (tenants === undefined || tenants.length === 0 || !tenants.every(isTenantId))
    throw new TypeError('with organizations, enter.tenants has to name the directories that may enter')
  return oidc(
    {
      name: 'entra',
      label: 'Microsoft',
      ...options,
      issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
      enter: { ...options.enter, tenants },
    },
    {
      tenantOf: ({ tid }) => textOf(tid),
      isEmailVerified: ({ xms_edov: verified }) => verified === true || verified === 1 || verified === '1',
      groupsOf: (claims, found) => (isOverage(claims) ? undefined : listOf(found)),
    },
  )
}

function isTenantId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

/** More than 200 groups are told elsewhere. */
function isOverage({ _claim_names: names }: Claims): boolean {
  return typeof names === 'object' && names !== null && 'groups' in names
}
