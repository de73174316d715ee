/** What one caller's requests to an upstream carry, as the gateway sees it: it sends what it is given, and says when that was not accepted. */

export interface CallerCredential {
  /** Another one for each account: sessions and processes of different ones are kept apart. */
  readonly id: string
  /** For a command: variables that its process gets. */
  readonly environment: Readonly<Record<string, string>>
  /** Throws `CredentialLost`, or `CredentialUnavailable` where it cannot be had just now. */
  current(): Promise<AppliedCredential>
  /** Of a person's own one, when the upstream answered 401 to it. Undefined for the operator's, who alone can do something about that. */
  readonly own: OwnCredential | undefined
}

export interface OwnCredential {
  /** Another one to try once. Throws `CredentialLost` where there is none to be had. */
  renew(used: AppliedCredential, says: string): Promise<AppliedCredential>
  /** The renewed one was not accepted either. Always throws `CredentialLost`. */
  lose(used: AppliedCredential, says: string): Promise<never>
}

/** The same for everybody who calls. */
export function operatorCredential(headers: Readonly<Record<string, string>>): CallerCredential {
  const applied: AppliedCredential = { headers }
  return { id: '', environment: {}, current: async () => applied, own: undefined }
}

export interface AppliedCredential {
  readonly headers: Readonly<Record<string, string>>
  /** The person's own address at the upstream, in place of the configured one. */
  readonly account?: AccountAddress | undefined
  /** Tells one renewal from the next. */
  readonly version?: number | undefined
}

export interface AccountAddress {
  readonly url: string
  /** The operator says that addresses of its own network may be asked. */
  readonly allowPrivateAddresses: boolean
}

/** There is nothing left that the upstream would accept: the person has to connect again. The sentence is for whoever reads the client's error. */
export class CredentialLost extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'CredentialLost'
  }
}

/** Whoever gives it out does not answer. */
export class CredentialUnavailable extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'CredentialUnavailable'
  }
}
