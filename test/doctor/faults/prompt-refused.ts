import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z12'],
  says: 'a prompt is not supported',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const isAsked = new URL(request.url).searchParams.has('prompt')
        return isAsked ? html('AADSTS90023: unsupported prompt value.', 400) : next(request)
      }),
    )
  },
}
