/** Postern on Node: everything of the library, and what needs Node: the server, SQLite, local accounts, commands on stdio. */

export type { ConfigFile, ConnectorConfig, TenantConfig, TenantsConfig } from './app/config.ts'
export { createMetrics, type Metrics, type MetricsOptions } from './app/metrics.ts'
export {
  createDocumentFetch,
  type ListenOptions,
  nodeHandler,
  type RunningServer,
  startServer,
} from './app/node.ts'
export { type StdioUpstreamOptions, stdioUpstream } from './gateway/upstreams/stdio.ts'
export {
  createLocalUser,
  type LocalAccounts,
  type LocalAccountsOptions,
  localAccounts,
} from './identity/providers/local-accounts.ts'
export { createSetupLink, formatSetupLink } from './identity/setup-link.ts'
export * from './index.ts'
export { sqliteStorage } from './storage/adapters/sqlite.ts'
export { readOrCreateMasterKey } from './storage/master-key-node.ts'
