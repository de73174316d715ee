/** Caddy’s access log: JSON lines in which the request is an object, with its headers but without their secrets. */

import { type LogFormat, readIsoTime, requestOf } from '../request.ts'
import { readMembers } from './nginx-json.ts'

export const caddyJson: LogFormat = {
  title: 'JSON lines of Caddy',
  read(line) {
    const members = readMembers(line)
    const request = members?.request
    if (members === undefined || typeof request !== 'object' || request === null) return undefined
    const { client_ip, headers, method, remote_ip, uri } = request as Record<string, unknown>
    const header = (name: string): string | undefined => headerOf(headers, name)
    return requestOf({
      at: timeOf(members.ts),
      method: textOf(method),
      target: textOf(uri),
      status: Number(members.status),
      address: textOf(client_ip) ?? textOf(remote_ip),
      userAgent: header('User-Agent'),
      durationMs: typeof members.duration === 'number' ? members.duration * 1000 : undefined,
      // Written as REDACTED; it can be left out of the log altogether.
      hasToken: header('Authorization') === undefined ? undefined : true,
    })
  },
}

function timeOf(ts: unknown): number | undefined {
  if (typeof ts === 'number') return ts
  return typeof ts === 'string' ? readIsoTime(ts) : undefined
}

function headerOf(headers: unknown, name: string): string | undefined {
  const values = (headers as Record<string, unknown> | undefined | null)?.[name]
  return textOf(Array.isArray(values) ? values[0] : values)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
