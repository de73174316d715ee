/** What the server was started with, for the console's page: every option with its value, and nothing that could be a secret. */

import type { UpstreamCredential } from '../../credentials/upstream-credential.ts'
import type { HeaderProvider, OutsideProvider } from '../../identity/identity-provider.ts'
import { withoutPassword } from '../../storage/postgres/url.ts'
import type { SettingRow } from '../../ui/console/reports.ts'
import type { OptionName } from '../config.ts'
import { optionDefinitions } from '../option-definitions.ts'
import type { Options } from '../options.ts'
import type { Served, ServedConnector } from '../served-connectors.ts'
import type { ServedIdentity } from '../served-identity.ts'
import type { ServedUpstream } from '../served-upstream.ts'

export function shownSettings(options: Options): SettingRow[] {
  const purposes = new Map<OptionName, string>(optionDefinitions.map(({ name, purpose }) => [name, purpose]))
  const rows = Object.values(shown).map(([name, read]) => {
    return { name, value: textOf(read(options)), purpose: purposes.get(name) ?? '' }
  })
  const connectors = options.connectors.map((served) => ({
    name: `connector ${served.name}`,
    value: textOf(connectorFacts(served)),
    purpose: 'Its MCP server, without its arguments, headers and environment, which may hold secrets.',
  }))
  return [...connectors, ...rows]
}

/** By hand, and none may be missing: a new option is shown when somebody has thought about what it may hold. */
const shown: Readonly<
  Record<keyof Omit<Options, 'connectors'>, readonly [OptionName, (options: Options) => unknown]>
> = {
  defaultConnector: ['defaultConnector', ({ defaultConnector }) => defaultConnector],
  identity: ['identity', ({ identity }) => waysToSignIn(identity)],
  publicUrl: ['publicUrl', ({ publicUrl }) => publicUrl],
  host: ['host', ({ host }) => host],
  port: ['port', ({ port }) => port],
  tunnel: ['tunnel', ({ tunnel }) => tunnel],
  trustedHosts: ['trustedHost', ({ trustedHosts }) => trustedHosts],
  trustedProxies: ['trustedProxy', ({ trustedProxies }) => trustedProxies],
  internalListen: ['internalListen', ({ internalListen }) => internalListen],
  allowedSources: ['allowSource', ({ allowedSources }) => allowedSources ?? 'all'],
  registration: ['registration', ({ registration }) => registration],
  metadataDocuments: ['metadataDocuments', ({ metadataDocuments }) => metadataDocuments],
  preRegistered: ['preRegistered', ({ preRegistered }) => preRegistered],
  invitedOnly: ['invitedOnly', ({ invitedOnly }) => invitedOnly],
  allowedRedirects: ['allowRedirect', ({ allowedRedirects }) => allowedRedirects ?? 'any'],
  allowedClientNames: ['allowClientName', ({ allowedClientNames }) => allowedClientNames ?? 'any'],
  tokenEndpointAudience: ['tokenEndpointAudience', ({ tokenEndpointAudience }) => tokenEndpointAudience],
  trustedIssuers: ['trustIssuer', ({ trustedIssuers }) => trustedIssuers],
  unprovenClients: ['unprovenClient', ({ unprovenClients }) => unprovenClients],
  rateLimits: ['rateLimits', ({ rateLimits }) => rateLimits],
  accessTokenSeconds: ['accessTokenMinutes', ({ accessTokenSeconds }) => accessTokenSeconds / 60],
  refreshTokenSeconds: ['refreshTokenDays', ({ refreshTokenSeconds }) => refreshTokenSeconds / 86_400],
  siteName: ['siteName', ({ siteName }) => siteName],
  siteLogo: ['siteLogo', ({ siteLogo }) => siteLogo],
  siteColour: ['siteColour', ({ siteColour }) => siteColour],
  console: ['console', ({ console }) => console],
  consoleToken: ['consoleToken', ({ consoleToken }) => (consoleToken === undefined ? undefined : 'given')],
  data: ['data', ({ data }) => data],
  database: ['database', ({ database }) => database && withoutPassword(database)],
  masterKeys: ['masterKey', ({ masterKeys }) => (masterKeys === undefined ? 'a file' : 'given')],
  metricsListen: [
    'metricsListen',
    ({ metricsListen }) => metricsListen && `${metricsListen.host}:${metricsListen.port}`,
  ],
  logFormat: ['logFormat', ({ logFormat }) => logFormat],
  logLevel: ['logLevel', ({ logLevel }) => logLevel],
}

/** Without what a provider was given: ids, secrets and who may enter. */
function waysToSignIn({ local, passkeys, outside, header }: ServedIdentity): string[] {
  const named = ({ name, label }: OutsideProvider | HeaderProvider): string =>
    name === label.toLowerCase() ? label : `${label} (${name})`
  return [
    ...(local ? ['accounts of this server'] : []),
    ...(passkeys ? ['passkeys'] : []),
    ...outside.map(named),
    ...(header === undefined ? [] : [`${named(header)}, by a header`]),
  ]
}

function connectorFacts(served: Served): Record<string, unknown> {
  const { path, accessTokens, icon, scopes } = served
  const offer = { path, scopes: scopes.map(({ name }) => name), accessTokens, icon }
  if (served.kind === 'tenants') return { ...offer, tenants: served.known?.size ?? 'by a function' }
  return { ...offer, ...upstreamFacts(served.upstream), ...accessFacts(served) }
}

function upstreamFacts(upstream: ServedUpstream): Record<string, unknown> {
  const server =
    upstream.kind === 'url'
      ? { upstream: new URL(upstream.url).origin }
      : { command: upstream.command, cwd: upstream.cwd }
  return { ...server, credential: upstream.credential && credentialNames[upstream.credential.kind] }
}

/** As the config file calls those that are each person's own. */
const credentialNames: Readonly<Record<UpstreamCredential['kind'], string>> = {
  fixed: 'the same for everybody',
  supplied: 'user-supplied',
  account: 'upstream-oauth',
  statement: 'signed-identity',
}

function accessFacts(connector: ServedConnector): Record<string, unknown> {
  const { access, publicTools, hiddenTools, signInForm, people, policy, clients, proofOfPossession } =
    connector
  const rules = policy && `${policy.length} ${policy.length === 1 ? 'rule' : 'rules'}`
  return { access, publicTools, hiddenTools, signInForm, people, policy: rules, clients, proofOfPossession }
}

function textOf(value: unknown): string {
  if (value === undefined) return 'not set'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .flatMap(([name, one]) =>
      one === undefined ? [] : [`${name} ${Array.isArray(one) ? one.join(' ') : one}`],
    )
    .join(', ')
}
