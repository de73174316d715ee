/** The listener that Prometheus asks, apart from the door, so that a tunnel or proxy before the door does not lead to it. */

import type { Metrics } from '../metrics.ts'
import { type RunningServer, startServer } from '../node.ts'

export interface MetricsListenerOptions {
  host: string
  port: number
  metrics: Metrics
}

export function startMetricsListener({
  host,
  port,
  metrics,
}: MetricsListenerOptions): Promise<RunningServer> {
  return startServer({ host, port, flag: '--metrics-listen', fetch: (request) => answer(request, metrics) })
}

async function answer(request: Request, metrics: Metrics): Promise<Response> {
  if (new URL(request.url).pathname !== '/metrics') return new Response('use /metrics\n', { status: 404 })
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return new Response(null, { status: 405, headers: { allow: 'GET' } })
  }
  const headers = { 'content-type': metrics.contentType, 'cache-control': 'no-store' }
  return new Response(await metrics.render(), { headers })
}
