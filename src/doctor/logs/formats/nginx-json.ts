/** JSON lines whose members are nginx’s variables (`log_format … escape=json`), under the names that people give them. */

import { type LogFormat, readIsoTime, readLogTime, requestOf } from '../request.ts'

export const nginxJson: LogFormat = {
  title: 'JSON lines of nginx variables',
  read(line) {
    const members = readMembers(line)
    if (members === undefined) return undefined
    const text = (...names: string[]): string | undefined => {
      const value = names.map((name) => members[name]).find((one) => one !== undefined && one !== '')
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    }
    const seconds = text('request_time', 'duration')
    const authorization = members.http_authorization
    return requestOf({
      at: readTime(text('msec', 'time_iso8601', 'time_local', 'time', 'timestamp', '@timestamp', 'ts')),
      request: text('request'),
      method: text('request_method', 'method'),
      target: text('request_uri', 'uri', 'url', 'path'),
      status: Number(text('status')),
      address: text('remote_addr', 'client_ip', 'remote_ip'),
      userAgent: text('http_user_agent', 'user_agent', 'agent'),
      durationMs: seconds === undefined ? undefined : Number(seconds) * 1000,
      hasToken: typeof authorization === 'string' ? authorization !== '' : undefined,
    })
  },
}

/** Undefined for a line that is no JSON object. */
export function readMembers(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : (readLogTime(text) ?? readIsoTime(text))
}
