import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R14'],
  says: 'the schema of registrations knows no application_type',
  break(lab) {
    lab.addEdge(
      atPath('/register', async (request, next) => {
        const isKnown = !(await request.clone().text()).includes('application_type')
        return isKnown ? next(request) : json({ error: 'invalid_client_metadata' }, 400)
      }),
    )
  },
}
