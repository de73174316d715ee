import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z13'],
  says: 'localhost is not taken for this machine',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const isName = new URL(request.url).searchParams.get('redirect_uri')?.startsWith('http://localhost')
        return isName ? html('This redirect URI is not registered.', 400) : next(request)
      }),
    )
  },
}
