/** What the server was started with, for the console's page: every option with its value, and nothing that could be a secret. */

import { withoutPassword } from '../../storage/postgres/url.ts'
import type { SettingRow } from '../../ui/console/reports.ts'
import { optionDefinitions } from '../option-definitions.ts'
import type { Options } from '../options.ts'
import type { Served } from '../served-connectors.ts'

export function shownSettings(options: Options): SettingRow[] {
  const purposes = new Map<string, string>(optionDefinitions.map(({ name, purpose }) => [name, purpose]))
  const rows = shown.map(([name, read]) => {
    return { name, value: textOf(read(options)), purpose: purposes.get(name) ?? '' }
  })
  const connectors = options.connectors.map((served) => ({
    name: `connector ${served.name}`,
    value: textOf(connectorFacts(served)),
    purpose: 'Its MCP server, without its arguments, headers and environment, which may hold secrets.',
  }))
  return [...connectors, ...rows]
}

/** By hand and not by all members: a new option is shown when somebody has thought about what it may hold. */
const shown: readonly (readonly [string, (options: Options) => unknown])[] = [
  ['publicUrl', ({ publicUrl }) => publicUrl],
  ['host', ({ host }) => host],
  ['port', ({ port }) => port],
  ['tunnel', ({ tunnel }) => tunnel],
  ['trustedHost', ({ trustedHosts }) => trustedHosts],
  ['trustedProxy', ({ trustedProxies }) => trustedProxies],
  ['allowSource', ({ allowedSources }) => allowedSources],
  ['registration', ({ registration }) => registration],
  ['metadataDocuments', ({ metadataDocuments }) => metadataDocuments],
  ['preRegistered', ({ preRegistered }) => preRegistered],
  ['invitedOnly', ({ invitedOnly }) => invitedOnly],
  ['allowRedirect', ({ allowedRedirects }) => allowedRedirects],
  ['allowClientName', ({ allowedClientNames }) => allowedClientNames],
  ['trustIssuer', ({ trustedIssuers }) => trustedIssuers],
  ['rateLimits', ({ rateLimits }) => rateLimits],
  ['accessTokenMinutes', ({ accessTokenSeconds }) => accessTokenSeconds / 60],
  ['refreshTokenDays', ({ refreshTokenSeconds }) => refreshTokenSeconds / 86_400],
  ['siteName', ({ siteName }) => siteName],
  ['siteLogo', ({ siteLogo }) => siteLogo],
  ['siteColour', ({ siteColour }) => siteColour],
  ['data', ({ data }) => data],
  ['database', ({ database }) => database && withoutPassword(database)],
  ['masterKey', ({ masterKeys }) => (masterKeys === undefined ? 'a file' : 'given')],
  ['consoleToken', ({ consoleToken }) => (consoleToken === undefined ? undefined : 'given')],
  ['metricsListen', ({ metricsListen }) => metricsListen && `${metricsListen.host}:${metricsListen.port}`],
  ['logLevel', ({ logLevel }) => logLevel],
]

function connectorFacts(served: Served): Record<string, unknown> {
  const { path } = served
  if (served.kind === 'tenants') return { path, tenants: served.known?.size }
  const { upstream, access } = served
  const server =
    upstream.kind === 'url' ? { upstream: new URL(upstream.url).origin } : { command: upstream.command }
  return { path, access, ...server }
}

function textOf(value: unknown): string {
  if (value === undefined) return 'not set'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, one]) => `${name} ${String(one)}`)
    .join(', ')
}
