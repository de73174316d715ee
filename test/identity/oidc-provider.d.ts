/** As much of it as the tests use; the package has no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export interface ProviderAccount {
    accountId: string
    claims(): Readonly<Record<string, unknown>>
  }

  export interface ProviderConfiguration {
    findAccount(context: unknown, subject: string): ProviderAccount
    [setting: string]: unknown
  }

  export default class Provider {
    constructor(issuer: string, configuration: ProviderConfiguration)
    callback(): RequestListener
  }
}
