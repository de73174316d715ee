/** Makes of what the options say of connectors what the library takes: MCP servers that can be called, tenants, pictures. */

import { statSync } from 'node:fs'
import type { Upstream } from '../../gateway/upstream.ts'
import { stdioUpstream } from '../../gateway/upstreams/stdio.ts'
import { urlUpstream } from '../../gateway/upstreams/url.ts'
import { createGuardedDialer } from '../../platform/outbound-dialer-node.ts'
import type { ConnectorOptions, Tenant, TenantConnectorOptions } from '../connector-options.ts'
import { type OptionProblem, type Options, OptionsError } from '../options.ts'
import type { Served, ServedTenant } from '../served-connectors.ts'
import type { ServedUpstream } from '../served-upstream.ts'
import { connectTimeoutMs, createUpstreamFetch, noTimeLimit } from '../upstream-fetch-node.ts'
import { pictureProblems, readPicture } from './picture-file.ts'

export type CreateUpstream = (upstream: ServedUpstream) => Upstream

/** Connections to servers at a URL are shared by all that it makes. */
export function createUpstreams(): CreateUpstream {
  const { fetch } = createUpstreamFetch()
  const guardedFetch = createGuardedDialer(connectTimeoutMs, undefined, noTimeLimit).fetch
  return function createUpstream(upstream) {
    if (upstream.kind === 'url') {
      return urlUpstream({ url: upstream.url, headers: upstream.headers, fetch, guardedFetch })
    }
    return stdioUpstream({
      command: [upstream.command, ...upstream.args],
      cwd: upstream.cwd ?? process.cwd(),
      env: upstream.environment,
      environment: process.env,
    })
  }
}

export function connectorOf(
  served: Served,
  createUpstream: CreateUpstream,
): ConnectorOptions | TenantConnectorOptions {
  const { name, path, scopes, accessTokens } = served
  const offer = { name, path, scopes, accessTokens, icon: served.icon && readPicture(served.icon) }
  if (served.kind === 'one') return { ...rulesOf(served, createUpstream), ...offer }
  return {
    ...offer,
    async tenant(tenant) {
      const found = await served.find(tenant)
      return found && { ...rulesOf(found, createUpstream), name: found.name }
    },
  }
}

function rulesOf(served: Omit<ServedTenant, 'name'>, createUpstream: CreateUpstream): Omit<Tenant, 'name'> {
  const { access, publicTools, hiddenTools, signInForm, people, policy, clients, proofOfPossession } = served
  const rules = { access, publicTools, hiddenTools, signInForm, people, policy, clients, proofOfPossession }
  return { ...rules, credential: served.upstream.credential, upstream: createUpstream(served.upstream) }
}

/** The files and directories that are named and not there. Throws `OptionsError`. */
export function refuseMissingPlaces({
  connectors,
  siteLogo,
}: Pick<Options, 'connectors' | 'siteLogo'>): void {
  const problems = connectors.flatMap((served) => [
    ...iconProblems(served, connectors.length),
    ...directoryProblems(served, connectors.length),
  ])
  if (siteLogo !== undefined) problems.push(...pictureProblems(siteLogo, '--site-logo'))
  if (problems.length > 0) throw new OptionsError(problems)
}

function directoryProblems(served: Served, count: number): OptionProblem[] {
  const all: (readonly [string, ServedTenant])[] =
    served.kind === 'one'
      ? [[count === 1 ? '--cwd' : `cwd of ${served.name}`, served]]
      : [...(served.known ?? [])].map(([tenant, one]) => [`cwd of ${served.name}, ${tenant}`, one])
  return all.flatMap(([at, { upstream }]) => {
    if (upstream.kind !== 'command' || upstream.cwd === undefined) return []
    const isDirectory = statSync(upstream.cwd, { throwIfNoEntry: false })?.isDirectory() === true
    return isDirectory ? [] : [{ at, says: `${upstream.cwd} is not a directory` }]
  })
}

function iconProblems({ name, icon }: Served, count: number): OptionProblem[] {
  return icon === undefined ? [] : pictureProblems(icon, count === 1 ? '--icon' : `icon of ${name}`)
}
