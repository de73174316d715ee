import type { Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N10'],
  says: 'an edge refuses python-httpx and Claude-User everywhere',
  break(lab) {
    lab.addEdge((request, next) => {
      const isBot = /httpx|Claude-User/.test(request.headers.get('user-agent') ?? '')
      return isBot ? json({ message: 'forbidden' }, 403) : next(request)
    })
  },
}
