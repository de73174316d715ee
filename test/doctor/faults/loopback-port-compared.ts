import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R17'],
  says: 'Claude Code’s document names a redirect without a port, and is compared with it as it is',
  settings: { identity: 'metadata-document' },
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const { port } = new URL(new URL(request.url).searchParams.get('redirect_uri') ?? '')
        return port === '' ? next(request) : html('This redirect URI is not registered.', 400)
      }),
    )
  },
}
