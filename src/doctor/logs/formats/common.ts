/** The common log format (NCSA, `%h %l %u %t "%r" %>s %b`): tells neither the program nor how long it took. */

import { type LogFormat, readLogTime, requestOf } from '../request.ts'

export const common: LogFormat = {
  title: 'the common log format',
  read(line) {
    const { rest, ...told } = readCommonPart(line) ?? {}
    return rest?.trim() === '' ? requestOf({ ...noMore, ...told }) : undefined
  },
}

const noMore = {
  at: undefined,
  status: 0,
  address: undefined,
  userAgent: undefined,
  durationMs: undefined,
  hasToken: undefined,
}

export interface CommonPart {
  address: string
  at: number | undefined
  request: string
  status: number
  /** What other formats add. */
  rest: string
}

/** A virtual host may stand before the address, as in Apache's `vhost_common`. */
export function readCommonPart(line: string): CommonPart | undefined {
  const found =
    /^(?:[\w.-]+(?::\d+)? (?=\S+ \S+ \S+ \[))?(\S+) \S+ \S+ \[([^\]]{20,40})\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)(.*)$/.exec(
      line,
    )
  if (found === null) return undefined
  const [, address = '', time = '', request = '', status = '', rest = ''] = found
  return { address, at: readLogTime(time), request, status: Number(status), rest }
}
