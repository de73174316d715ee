/** What the file says of the credential that an MCP server is called with, made into one. Secrets are named there, and read from the environment. */

import { z } from 'zod'
import { noCredential } from '../credentials/kinds/none.ts'
import { signedIdentity } from '../credentials/kinds/signed-identity.ts'
import { staticSecret } from '../credentials/kinds/static-secret.ts'
import { upstreamOauth } from '../credentials/kinds/upstream-oauth.ts'
import { userSupplied } from '../credentials/kinds/user-supplied.ts'
import type { UpstreamCredential } from '../credentials/upstream-credential.ts'
import type { CredentialConfig } from './config.ts'
import { readMember, readNamedSecret, variableName } from './config-member.ts'
import type { Given, OptionProblem, OptionSources } from './option-sources.ts'

/** Undefined where none is named, and where what is named is of no use; then a problem says so. */
export function readCredential(
  given: Given | undefined,
  upstream: 'command' | 'url',
  environment: OptionSources['environment'],
  problems: OptionProblem[],
): UpstreamCredential | undefined {
  if (given === undefined) return undefined
  const config = readMember<CredentialConfig>(credentialConfig(), given.value, given.at, problems)
  if (config === undefined) return undefined
  try {
    refuseWrongWay(config, upstream)
    return create(config, environment)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    problems.push({ at: given.at, says: error.message })
    return undefined
  }
}

function create(config: CredentialConfig, environment: OptionSources['environment']): UpstreamCredential {
  switch (config.kind) {
    case 'none':
      return noCredential()
    case 'static-secret':
      return staticSecret({ headers: readSecrets(config.headers, environment) })
    case 'user-supplied':
      return userSupplied(config)
    case 'signed-identity':
      return signedIdentity(config)
    case 'upstream-oauth':
      return upstreamOauth({
        ...config,
        clientSecret: readNamedSecret('clientSecret', config.clientSecret, environment),
      })
  }
}

/** A header means nothing to a command, a variable nothing to a URL. */
function refuseWrongWay(config: CredentialConfig, upstream: 'command' | 'url'): void {
  const isSuppliedByVariable = config.kind === 'user-supplied' && config.environment !== undefined
  if (upstream === 'url' && isSuppliedByVariable)
    throw new TypeError('environment is for a command; a server at a URL takes headers')
  if (upstream === 'url' || config.kind === 'none') return
  if (config.kind === 'upstream-oauth' || config.kind === 'signed-identity')
    throw new TypeError(`${config.kind} goes into a header, and so is for a server at a URL`)
  const isByVariable = isSuppliedByVariable && config.headers === undefined && config.url === undefined
  if (!isByVariable) throw new TypeError('a command takes what people give as environment, and nothing else')
}

function readSecrets(
  named: Readonly<Record<string, string>>,
  environment: OptionSources['environment'],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(named).map(([header, variable]) => [
      header,
      readNamedSecret(header, variable, environment) ?? '',
    ]),
  )
}

/** Made when a credential is named: making it costs every start more than reading one. */
function credentialConfig() {
  const texts = z.record(z.string(), z.string())

  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('static-secret'), headers: z.record(z.string(), variableName()) }),
    z.strictObject({
      kind: z.literal('user-supplied'),
      title: z.string().min(1).max(80).optional(),
      help: z.string().max(500).optional(),
      helpUrl: z.string().optional(),
      fields: z.array(
        z.strictObject({
          name: z.string(),
          label: z.string().min(1).max(80),
          hint: z.string().max(300).optional(),
          type: z.enum(['key', 'text', 'url']).optional(),
          pattern: z.string().refine(isPattern, 'is no regular expression').optional(),
          required: z.boolean().optional(),
          allowPrivateAddresses: z.boolean().optional(),
        }),
      ),
      headers: texts.optional(),
      environment: texts.optional(),
      url: z.string().optional(),
      check: z.strictObject({ url: z.string(), accountName: z.string().optional() }).optional(),
    }),
    z.strictObject({
      kind: z.literal('signed-identity'),
      audience: z.string().min(1),
      header: z.string().optional(),
      lifetimeSeconds: z.number().int().optional(),
      subject: z.enum(['public', 'pairwise']).optional(),
      claims: z.array(z.enum(['username', 'name', 'email', 'role', 'groups'])).optional(),
    }),
    z.strictObject({
      kind: z.literal('upstream-oauth'),
      provider: z.string().min(1).max(80),
      issuer: z.string().optional(),
      authorizationEndpoint: z.string().optional(),
      tokenEndpoint: z.string().optional(),
      clientId: z.string().min(1),
      clientSecret: variableName().optional(),
      tokenEndpointAuthMethod: z.enum(['client_secret_post', 'client_secret_basic']).optional(),
      scopes: z.array(z.string()).optional(),
      parameters: texts.optional(),
      header: z.string().optional(),
      account: z.strictObject({ url: z.string(), accountName: z.string() }).optional(),
    }),
  ])
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`, 'u') instanceof RegExp
  } catch {
    return false
  }
}
