import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X8'],
  says: 'a renewal that names a resource is refused',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const form = new URLSearchParams(await request.clone().text())
        const isRefused = form.get('grant_type') === 'refresh_token' && form.has('resource')
        return isRefused ? json({ error: 'invalid_target' }, 400) : next(request)
      }),
    )
  },
}
