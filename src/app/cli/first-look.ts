/** What a server that has just opened looks at by itself: whether its MCP servers answer, and whether its public URL leads to it. Nobody waits for it. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Upstream } from '../../gateway/upstream.ts'
import { createOutboundFetch } from '../../platform/outbound-fetch.ts'
import type { Options } from '../options.ts'
import { writeFindings, writeUpstreamFinding } from './banner.ts'
import {
  type ProbeFinding,
  type ProbeTarget,
  probeDeadlineMs,
  probeMaximumBytes,
  probePublicUrl,
} from './public-url-probe.ts'
import type { CreateUpstream } from './served.ts'
import type { Terminal } from './terminal.ts'
import { probeUpstream } from './upstream-probe.ts'

/**
 * In the background, with servers of its own: nobody waits for it, and none of its processes is left. One after the
 * other, because each may be a program that starts. Tenants are not known before somebody comes.
 */
export function lookAtUpstreams(
  options: Options,
  createUpstream: CreateUpstream,
  terminal: Terminal,
  stopped: AbortSignal,
  opened: (upstream: Upstream) => void,
): void {
  const probe = async (): Promise<void> => {
    for (const one of options.connectors) {
      if (one.kind === 'tenants' || stopped.aborted) continue
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(upstreamDeadlineMs)])
      const upstream = createUpstream(one.upstream)
      opened(upstream)
      const finding = await probeUpstream(upstream, signal)
      const name = options.connectors.length === 1 ? undefined : one.name
      if (!stopped.aborted) writeUpstreamFinding(finding, name, terminal.out)
    }
  }
  void probe()
}

/** `npx` may have to download it first. */
const upstreamDeadlineMs = 120_000

export function lookAtPublicUrl(
  options: Options,
  publicUrl: string,
  localUrl: string,
  terminal: Terminal,
  stopped: AbortSignal,
): void {
  const fetchOut = createOutboundFetch({
    // Our own address, typed by the operator: a private one is as good as any.
    fetch,
    allowPrivateAddresses: true,
    deadlineMs: probeDeadlineMs,
    maximumBytes: probeMaximumBytes,
  })
  const target = {
    publicUrl,
    ...probedConnector(options),
    localUrl,
  }
  // The name of a tunnel that was made a moment ago is not everywhere yet.
  const attempts = options.tunnel ? tunnelAttempts : 1
  void probeUntilReached(() => probePublicUrl(target, fetchOut), attempts, stopped).then((findings) => {
    if (!stopped.aborted) writeFindings(publicUrl, findings, terminal.out)
  })
}

/** One stands for all: a proxy has to pass the whole host on. */
function probedConnector({ connectors }: Options): Pick<ProbeTarget, 'path' | 'access'> {
  const fixed = connectors.filter((one) => one.kind === 'one')
  const { path, access } = fixed.find((one) => one.access !== 'none') ?? { path: '/', access: 'none' }
  return { path, access }
}

const tunnelAttempts = 10
const tunnelRetryMs = 3_000

async function probeUntilReached(
  probe: () => Promise<ProbeFinding[]>,
  attempts: number,
  signal: AbortSignal,
): Promise<ProbeFinding[]> {
  for (let attempt = 1; ; attempt++) {
    const findings = await probe()
    const isReached = findings.every(({ verdict }) => verdict === 'good')
    if (isReached || attempt >= attempts || signal.aborted) return findings
    await wait(tunnelRetryMs, undefined, { ref: false })
  }
}
