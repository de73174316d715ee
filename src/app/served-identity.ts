/** What the file says of how people sign in, made into providers. Secrets are named there, and read from the environment. */

import { z } from 'zod'
import type { HeaderProvider, OutsideProvider } from '../identity/identity-provider.ts'
import { auth0 } from '../identity/providers/auth0.ts'
import { entra } from '../identity/providers/entra.ts'
import { github } from '../identity/providers/github.ts'
import { google } from '../identity/providers/google.ts'
import { keycloak } from '../identity/providers/keycloak.ts'
import { oidc } from '../identity/providers/oidc.ts'
import { okta } from '../identity/providers/okta.ts'
import { trustedHeader } from '../identity/providers/trusted-header.ts'
import type { IdentityConfig } from './config.ts'
import { readMember, readNamedSecret, variableName } from './config-member.ts'
import type { Given, OptionProblem, OptionSources } from './option-sources.ts'

export interface ServedIdentity {
  /** Accounts of this server, with passwords. */
  readonly local: boolean
  /** Of these accounts. */
  readonly passkeys: boolean
  readonly outside: readonly OutsideProvider[]
  readonly header: HeaderProvider | undefined
}

/** Accounts of this server alone where nothing is said. */
export function readIdentity(
  given: Given | undefined,
  environment: OptionSources['environment'],
  problems: OptionProblem[],
): ServedIdentity {
  if (given === undefined) return { local: true, passkeys: false, outside: [], header: undefined }
  const outside: OutsideProvider[] = []
  const schema = identityConfig()
  let local: LocalConfig | undefined
  let header: HeaderProvider | undefined
  for (const [index, element] of (given.value as unknown[]).entries()) {
    const place = `${given.at}[${index}]`
    const config = readMember<IdentityConfig>(schema, element, place, problems)
    if (config?.kind === 'local') local = config
    else if (config !== undefined) readProvider(config, place)
  }
  return { local: local !== undefined, passkeys: local?.passkeys === true, outside, header }

  function readProvider(config: Exclude<IdentityConfig, LocalConfig>, place: string): void {
    try {
      if (config.kind === 'header') {
        if (header !== undefined) throw new TypeError('one reverse proxy names people, and here is another')
        const secret = readNamedSecret('secret', config.secret, environment)
        header = trustedHeader({ ...config, secret })
      } else outside.push(readOutside(config, environment))
      const names = [...outside, ...(header === undefined ? [] : [header])].map(({ name }) => name)
      const twin = names.find((name, at) => names.indexOf(name) !== at)
      if (twin !== undefined) throw new TypeError(`another provider is called ${twin} too; give it a name`)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      problems.push({ at: place, says: error.message })
    }
  }
}

type LocalConfig = Extract<IdentityConfig, { kind: 'local' }>
type HeaderConfig = Extract<IdentityConfig, { kind: 'header' }>

function readOutside(
  config: Exclude<IdentityConfig, LocalConfig | HeaderConfig>,
  environment: OptionSources['environment'],
): OutsideProvider {
  const { clientSecret: variable } = config
  const clientSecret = readNamedSecret('clientSecret', variable, environment)
  switch (config.kind) {
    case 'oidc':
      return oidc({ ...config, clientSecret })
    case 'google':
      return google({ ...config, clientSecret: clientSecret ?? '' })
    case 'entra':
      return entra({ ...config, clientSecret })
    case 'okta':
      return okta({ ...config, clientSecret })
    case 'auth0':
      return auth0({ ...config, clientSecret })
    case 'keycloak':
      return keycloak({ ...config, clientSecret })
    case 'github':
      return github({ ...config, clientSecret: clientSecret ?? '' })
  }
}

/** Made when something is said of it: making it costs every start more than reading one. */
function identityConfig() {
  const texts = z.array(z.string().min(1)).min(1).max(1000)
  const claim = z.union([z.string(), z.number(), z.boolean()])
  const rules = z.strictObject({
    domains: texts.optional(),
    emails: texts.optional(),
    groups: texts.optional(),
    tenants: texts.optional(),
    claims: z.record(z.string(), z.union([claim, z.array(claim)])).optional(),
    admins: z.strictObject({ emails: texts.optional(), groups: texts.optional() }).optional(),
    mayEnter: z
      .custom<(visitor: unknown) => boolean>((value) => typeof value === 'function', 'must be a function')
      .optional(),
  })

  const shared = {
    name: z.string().optional(),
    label: z.string().min(1).max(40).optional(),
    clientId: z.string().min(1),
  }
  const openId = {
    ...shared,
    clientSecret: variableName().optional(),
    tokenEndpointAuthMethod: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
    scopes: texts.optional(),
    parameters: z.record(z.string(), z.string()).optional(),
    enter: rules.optional(),
  }
  const withGroups = {
    ...openId,
    groupsClaim: z.string().optional(),
    signOut: z.enum(['here', 'there']).optional(),
  }
  const enterOfAnybody = z.union([rules, z.literal('anybody')], {
    error: 'must say who may enter, or anybody',
  })

  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('local'), passkeys: z.boolean().optional() }),
    z.strictObject({ kind: z.literal('oidc'), ...withGroups, issuer: z.string() }),
    z.strictObject({
      kind: z.literal('google'),
      ...openId,
      clientSecret: variableName(),
      enter: enterOfAnybody,
    }),
    z.strictObject({ kind: z.literal('entra'), ...withGroups, tenant: z.string() }),
    z.strictObject({
      kind: z.literal('okta'),
      ...withGroups,
      domain: hostName(),
      authorizationServer: z.string().optional(),
    }),
    z.strictObject({ kind: z.literal('auth0'), ...withGroups, domain: hostName() }),
    z.strictObject({ kind: z.literal('keycloak'), ...withGroups, url: z.string(), realm: z.string().min(1) }),
    z.strictObject({
      kind: z.literal('github'),
      ...shared,
      clientSecret: variableName(),
      enter: enterOfAnybody,
      url: z.string().optional(),
    }),
    z.strictObject({
      kind: z.literal('header'),
      name: z.string().optional(),
      label: shared.label,
      proxies: texts,
      userHeader: z.string(),
      emailHeader: z.string().optional(),
      nameHeader: z.string().optional(),
      groupsHeader: z.string().optional(),
      groupSeparator: z.string().optional(),
      secretHeader: z.string().optional(),
      secret: variableName().optional(),
      signOutUrl: z.string().optional(),
      enter: rules.optional(),
    }),
  ])
}

function hostName(): z.ZodType<string> {
  return z.string().regex(/^[a-z0-9.-]+$/i, 'must be a host, such as example.okta.com')
}
