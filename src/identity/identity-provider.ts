/** What a way of signing in is: a contract that login drives, one kind for each course that it can take through the browser. */

import type { UserRecord } from '../storage/storage.ts'
import type { AccountProblem } from '../ui/setup.ts'

/** Told apart by `kind`. A kind that sends the browser elsewhere to sign in would join here. */
export type IdentityProvider = FormProvider

/** User name and password are typed into our own page and judged here. */
export interface FormProvider {
  readonly kind: 'form'
  /** For logs. */
  readonly name: string
  /** Takes as long for a name that nobody has as for a wrong password. */
  signIn(username: string, password: string): Promise<SignIn>
  /** What setup and the command line store; nothing is stored here. */
  prepareAccount(wishes: AccountWishes): Promise<AccountPreparation>
  readonly minimumPasswordLength: number
}

/** `busy`: so many sign-ins wait already that this one was not looked at. */
export type SignIn = { outcome: 'signed-in'; user: UserRecord } | { outcome: 'refused' } | { outcome: 'busy' }

export interface AccountWishes {
  username: string
  /** Empty means the user name. */
  displayName: string
  password: string
  role: UserRecord['role']
}

export type AccountPreparation =
  | { outcome: 'ready'; user: UserRecord }
  | { outcome: 'refused'; problems: AccountProblem[] }
  | { outcome: 'busy' }
