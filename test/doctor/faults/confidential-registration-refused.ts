import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R23'],
  says: 'only public clients may register',
  break(lab) {
    lab.addEdge(
      atPath('/register', async (request, next) => {
        const isPublic = !(await request.clone().text()).includes('client_secret')
        return isPublic ? next(request) : json({ error: 'invalid_client_metadata' }, 400)
      }),
    )
  },
}
