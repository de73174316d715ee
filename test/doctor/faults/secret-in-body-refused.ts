import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R22'],
  says: 'a secret in the body is not read',
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const isInBody = (await request.clone().text()).includes('client_secret=')
        return isInBody ? json({ error: 'invalid_client' }, 401) : next(request)
      }),
    )
  },
}
