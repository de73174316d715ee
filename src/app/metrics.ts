/** What Prometheus reads: every event counted by its name, calls by connector and method with how long they took, and the process itself. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { EventReader, PosternEvent } from '../platform/telemetry.ts'

export interface Metrics {
  /** To be one of the readers of `createPostern`. */
  readonly reader: EventReader
  readonly contentType: string
  /** In the text format of Prometheus. */
  render(): Promise<string>
}

export interface MetricsOptions {
  /** Shown as a label of `postern_build_info`. */
  version?: string | undefined
  /** Memory, CPU, event loop and garbage collection of this process. Default true. */
  ofProcess?: boolean | undefined
}

/** Everything a label may say is from a closed set, or counted up to a bound: whoever writes requests must not write time series. */
const maximumTools = 500
const durationBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function createMetrics({ version, ofProcess = true }: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (ofProcess) collectDefaultMetrics({ register: registry })

  const events = new Counter({
    name: 'postern_events_total',
    help: 'Events, by their name (docs/reference/events.md)',
    labelNames: ['event'],
    registers,
  })
  const requests = new Counter({
    name: 'postern_mcp_requests_total',
    help: 'Requests to a connector that were answered or refused, by MCP method and HTTP status',
    labelNames: ['connector', 'method', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'postern_mcp_request_duration_seconds',
    help: 'From a request to the head of its answer',
    labelNames: ['connector', 'method'],
    buckets: durationBuckets,
    registers,
  })
  const calls = new Counter({
    name: 'postern_tool_calls_total',
    help: 'Calls of tools; beyond 500 different tools the rest is called "other"',
    labelNames: ['connector', 'tool'],
    registers,
  })
  const processes = new Gauge({
    name: 'postern_upstream_processes',
    help: 'Commands of MCP servers that run for callers',
    labelNames: ['connector'],
    registers,
  })
  const build = new Gauge({
    name: 'postern_build_info',
    help: 'Its version',
    labelNames: ['version'],
    registers,
  })
  build.set({ version: version ?? 'unknown' }, 1)
  const tools = new Set<string>()

  function read(event: PosternEvent): void {
    events.inc({ event: event.name })
    const connector = event.connector ?? ''
    if (event.name === 'mcp.request' || event.name === 'mcp.refused') countRequest(event, connector)
    if (event.name === 'upstream.started') processes.inc({ connector })
    if (event.name === 'upstream.exited') processes.dec({ connector })
  }

  function countRequest(event: PosternEvent, connector: string): void {
    const { status = 0, durationMs = 0, rpcMethod, tool } = event
    const method = rpcMethod === undefined ? 'none' : mcpMethods.has(rpcMethod) ? rpcMethod : 'other'
    requests.inc({ connector, method, status })
    durations.observe({ connector, method }, durationMs / 1000)
    if (event.name === 'mcp.request' && method === 'tools/call' && status < 400 && tool !== undefined) {
      calls.inc({ connector, tool: boundedTool(connector, tool) })
    }
  }

  function boundedTool(connector: string, tool: string): string {
    const key = `${connector} ${tool}`
    if (tools.has(key)) return tool
    if (tools.size >= maximumTools) return 'other'
    tools.add(key)
    return tool
  }

  return { reader: read, contentType: registry.contentType, render: () => registry.metrics() }
}

/** Of all revisions; a client may write any other. */
const mcpMethods: ReadonlySet<string> = new Set([
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/cancel',
  'tasks/update',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
  'response',
])
