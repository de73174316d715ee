// The lines that Apache, nginx and Caddy write, as their manuals have them.

import type { LineFormat, LoggedExchange } from './logged-run.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function logTime(at: number): string {
  const [date = '', time = ''] = new Date(at * 1000).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`
}

const commonLine: LineFormat = ({ address, at, bytes, method, status, target }) =>
  `${address} - - [${logTime(at)}] "${method} ${target} HTTP/1.1" ${status} ${bytes}`

/** https://httpd.apache.org/docs/2.4/logs.html#accesslog, https://nginx.org/en/docs/http/ngx_http_log_module.html, https://caddyserver.com/docs/caddyfile/directives/log */
export const lineFormats: Readonly<Record<string, LineFormat>> = {
  common: commonLine,
  'combined of a virtual host': (exchange) => `mcp.example.com:443 ${combinedLine(exchange)}`,
  combined: combinedLine,
  'nginx JSON': ({ address, at, bytes, method, seconds, status, target, userAgent }) =>
    JSON.stringify({
      time_iso8601: new Date(at * 1000).toISOString(),
      remote_addr: address,
      request: `${method} ${target} HTTP/1.1`,
      status: String(status),
      body_bytes_sent: String(bytes),
      request_time: seconds.toFixed(3),
      http_user_agent: userAgent,
    }),
  'nginx JSON under other names': ({ address, at, method, status, target, userAgent }) =>
    JSON.stringify({ ts: at, client_ip: address, method, uri: target, status, user_agent: userAgent }),
  'Caddy JSON': ({ address, at, bytes, hasToken, method, seconds, status, target, userAgent }) =>
    JSON.stringify({
      level: 'info',
      ts: at,
      logger: 'http.log.access.log0',
      msg: 'handled request',
      request: {
        remote_ip: address,
        remote_port: '41342',
        client_ip: address,
        proto: 'HTTP/1.1',
        method,
        host: 'mcp.example.com',
        uri: target,
        headers: {
          'User-Agent': [userAgent],
          ...(hasToken ? { Authorization: ['REDACTED'] } : {}),
        },
      },
      bytes_read: 0,
      duration: seconds,
      size: bytes,
      status,
      resp_headers: {},
    }),
}

function combinedLine(exchange: LoggedExchange): string {
  return `${commonLine(exchange)} "-" "${exchange.userAgent}"`
}
