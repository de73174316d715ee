import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R17'],
  says: 'a loopback redirect has to come with the registered port',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const port = new URL(new URL(request.url).searchParams.get('redirect_uri') ?? '').port
        return port === '' || port === '3118'
          ? next(request)
          : html('This redirect URI is not registered.', 400)
      }),
    )
  },
}
