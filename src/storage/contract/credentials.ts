/** What an upstream is called with for one person: a key that the person gave, an account at another provider. */

export interface CredentialRecord {
  userId: string
  /** The path of the connector it is for. */
  connector: string
  /** Another one each time that the person gives one; the same through its renewals. */
  credentialId: string
  kind: 'user-supplied' | 'upstream-oauth'
  /** Encrypted with a data key, for this person and connector alone. */
  sealed: Uint8Array
  /** Which account it is, as far as it is known; shown to its person and the operator. */
  label: string | undefined
  /** 0, and one more with each renewal. */
  version: number
  createdAt: number
  changedAt: number
  /** When the upstream did not accept it any more: its person is asked for another. */
  refusedAt: number | undefined
}

export type CredentialVersion = Pick<CredentialRecord, 'userId' | 'connector' | 'credentialId' | 'version'>

/** Of the version that was renewed. */
export interface CredentialRenewal extends CredentialVersion {
  sealed: Uint8Array
  changedAt: number
}

export interface CredentialStorage {
  /** Inserts, or replaces the one of this person for this connector. */
  saveCredential(record: CredentialRecord): Promise<void>
  findCredential(userId: string, connector: string): Promise<CredentialRecord | undefined>
  listCredentials(filter: { userId?: string; connector?: string }, limit: number): Promise<CredentialRecord[]>
  /** False when nothing was there. */
  removeCredential(userId: string, connector: string): Promise<boolean>
  /**
   * The right to renew this version, until then or until it was renewed: of any number at the same time one gets it.
   * False also where another version stands, or none.
   */
  takeCredentialRenewal(credential: CredentialVersion, until: number, now: number): Promise<boolean>
  /** Gives that right back, where the renewal came to nothing: whoever is next may try. */
  dropCredentialRenewal(credential: CredentialVersion): Promise<void>
  /** Stores what a renewal gave as the next version. False, and nothing is changed, where another version stands by now. */
  renewCredential(renewal: CredentialRenewal): Promise<boolean>
  /** Sets `refusedAt` where this very version stands; false where it does not, or is refused already. */
  refuseCredential(credential: CredentialVersion, at: number): Promise<boolean>
}
