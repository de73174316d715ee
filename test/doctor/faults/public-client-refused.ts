import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T3'],
  says: 'every client has to show a secret',
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const isProven =
          request.headers.has('authorization') || (await request.clone().text()).includes('client_secret=')
        return isProven ? next(request) : json({ error: 'invalid_client' }, 401)
      }),
    )
  },
}
