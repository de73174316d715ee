/** What a way of signing in is: a contract that login drives, one kind for each course that it can take through the browser. */

import type { OutboundFetch } from '../platform/outbound-fetch.ts'
import type { PasskeyRecord, UserRecord } from '../storage/storage.ts'
import type { AccountProblem } from '../ui/setup.ts'
import type { EntryRules } from './entry-rules.ts'
import type { OutsideIdentity } from './outside-person.ts'

/** Told apart by `kind`. */
export type IdentityProvider = FormProvider | OutsideProvider | PasskeyProvider | HeaderProvider

/** Keys on people's own devices, beside or in place of the password of an account of this server. */
export interface PasskeyProvider {
  readonly kind: 'passkeys'
  /** For `navigator.credentials`, as JSON; a challenge is base64url. */
  registrationOptions(
    site: PasskeySite,
    challenge: string,
    user: UserRecord,
    held: readonly PasskeyRecord[],
  ): Promise<unknown>
  /** Undefined for what was not signed for this site, or for no challenge of ours. */
  readRegistration(
    site: PasskeySite,
    isOurs: (challenge: string) => boolean,
    response: unknown,
  ): Promise<{ challenge: string; made: MadePasskey } | undefined>
  signInOptions(site: PasskeySite, challenge: string): Promise<unknown>
  /** Undefined for what this passkey did not sign for this site, or for no challenge of ours. */
  readSignIn(
    site: PasskeySite,
    isOurs: (challenge: string) => boolean,
    response: unknown,
    passkey: PasskeyRecord,
  ): Promise<{ challenge: string; counter: number } | undefined>
  /** What a page posted, before anything is believed of it. */
  readSigned(text: string): SignedByPasskey | undefined
}

export type MadePasskey = Pick<PasskeyRecord, 'passkeyId' | 'publicKey' | 'counter' | 'transports'>

export interface PasskeySite {
  /** Ours: a passkey answers to no other. */
  origin: string
  name: string
}

export interface SignedByPasskey {
  passkeyId: string
  /** Whom the authenticator takes itself to be of. */
  userId: string | undefined
  response: unknown
}

/** A reverse proxy has signed people in already, and says who they are with each request. */
export interface HeaderProvider {
  readonly kind: 'header'
  readonly name: string
  readonly label: string
  readonly rules: EntryRules
  /** `peerAddress` is of the socket. */
  read(request: Request, peerAddress: string | undefined): HeaderSays
  /** Where people sign out there. */
  readonly signOutUrl: URL | undefined
}

/** `ignored`: it names somebody, and is not to be believed; `says` is for the log. */
export type HeaderSays =
  | { outcome: 'vouched'; visitor: OutsideVisitor }
  | { outcome: 'ignored'; says: string }
  | { outcome: 'silent' }

/** The browser is sent there to sign in, and comes back with an answer. */
export interface OutsideProvider {
  readonly kind: 'outside'
  /** In addresses and logs: small letters, digits and `-`. */
  readonly name: string
  /** As people know it. */
  readonly label: string
  /** Who of its people may enter. */
  readonly rules: EntryRules
  /** Rejects with `OutsideUnavailable` where it cannot be found out where to sign in. The `state` is added by login. */
  begin(way: OutsideWay, redirectUri: string): Promise<BegunSignIn>
  /** `answer` is the redirect URI with what the browser brought; its `state` was judged. */
  finish(way: OutsideWay, answer: URL, secret: SignInSecret): Promise<OutsideSignIn>
  /** Where the browser has to go to sign out there too; undefined where that is not wanted or not possible. */
  signOut?(way: OutsideWay, returnTo: string): Promise<URL | undefined>
}

export interface OutsideWay {
  /** To the operator's own providers. */
  fetch: OutboundFetch
}

export interface BegunSignIn {
  location: URL
  secret: SignInSecret
}

/** What has to be known to finish, such as the nonce. */
export type SignInSecret = Readonly<Record<string, string>>

/** `says` is for the log; the person is told in words of ours. */
export type OutsideSignIn =
  | { outcome: 'arrived'; visitor: OutsideVisitor }
  | { outcome: 'declined' | 'failed'; says: string }

/** Whom a provider vouches for, in its own words. */
export interface OutsideVisitor extends OutsideIdentity {
  /** Only one that it vouches for. */
  email: string | undefined
  /** Of that address, or the organisation that it names itself. */
  domain: string | undefined
  displayName: string | undefined
  /** How people know the account there, where that is no e-mail address. */
  handle?: string | undefined
  /** Undefined where it does not tell. */
  groups: readonly string[] | undefined
  claims: Readonly<Record<string, unknown>>
}

export class OutsideUnavailable extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'OutsideUnavailable'
  }
}

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
