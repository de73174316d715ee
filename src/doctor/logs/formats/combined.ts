/** The combined log format of Apache and nginx: the common one, then Referer and User-Agent; `rt=` and the like may follow. */

import { type LogFormat, requestOf } from '../request.ts'
import { readCommonPart } from './common.ts'

export const combined: LogFormat = {
  title: 'the combined log format',
  read(line) {
    const part = readCommonPart(line)
    const [, userAgent, more = ''] =
      /^ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"(.*)$/.exec(part?.rest ?? '') ?? []
    if (part === undefined || userAgent === undefined) return undefined
    const [, seconds] = /\b(?:rt|request_time)="?(\d+\.\d+)/.exec(more) ?? []
    const durationMs = seconds === undefined ? undefined : Number(seconds) * 1000
    return requestOf({ ...part, userAgent, durationMs, hasToken: undefined })
  },
}
