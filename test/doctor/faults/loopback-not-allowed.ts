import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R2'],
  says: 'redirects are https only',
  break(lab) {
    lab.addEdge(
      atPath('/register', async (request, next) => {
        const isPlain = (await request.clone().text()).includes('"http://')
        return isPlain
          ? json({ error: 'invalid_redirect_uri', error_description: 'use https' }, 400)
          : next(request)
      }),
    )
  },
}
