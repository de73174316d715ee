/** Which ways to sign in an operator chose, sorted by their kinds, and what cannot be chosen together. */

import type {
  FormProvider,
  IdentityProvider,
  OutsideProvider,
  PasskeyProvider,
} from '../identity/identity-provider.ts'
import { isIpLiteral } from '../platform/url.ts'

export interface Identity {
  form: FormProvider | undefined
  outside: readonly OutsideProvider[]
  passkeys: PasskeyProvider | undefined
}

/** Accounts of this server, and what they can be signed in with elsewhere. Throws a `TypeError` for two of one name. */
export function readIdentity(
  identity: IdentityProvider | readonly IdentityProvider[],
  issuer: string,
): Identity {
  const all = [identity].flat() as readonly IdentityProvider[]
  const forms = all.filter((one): one is FormProvider => one.kind === 'form')
  const outside = all.filter((one): one is OutsideProvider => one.kind === 'outside')
  const twin = outside.find(({ name }, at) => outside.findIndex((other) => other.name === name) !== at)
  if (all.length === 0) throw new TypeError('identity names no way to sign in')
  if (forms.length > 1) throw new TypeError('identity has two kinds of accounts with passwords')
  if (twin !== undefined) throw new TypeError(`identity has two providers called ${twin.name}`)
  const passkeys = all.find((one): one is PasskeyProvider => one.kind === 'passkeys')
  if (passkeys !== undefined && forms.length === 0)
    throw new TypeError('passkeys are of accounts of this server; add localAccounts')
  // WebAuthn §5.1.2: a passkey belongs to a domain. That it is https or localhost is asked of every public URL.
  if (passkeys !== undefined && isIpLiteral(new URL(issuer).hostname))
    throw new TypeError(`browsers know passkeys only of names, not of addresses such as ${issuer}`)
  return { form: forms[0], outside, passkeys }
}
