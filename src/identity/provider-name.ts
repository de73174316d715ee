/** Names of providers stand in addresses below the sign-in page, which has a few of its own there. */

/** The last segment of each address. */
export const ownNames = { signIn: 'passkey', recovery: 'recovery', keep: 'passkeys' } as const

/** Throws a `TypeError`. */
export function refuseProviderName(name: string): void {
  const isOwn = Object.values<string>(ownNames).includes(name)
  if (/^[a-z0-9][a-z0-9-]{0,39}$/.test(name) && !isOwn) return
  throw new TypeError(
    `${JSON.stringify(name)} cannot name a provider: small letters, digits and - make a name`,
  )
}
