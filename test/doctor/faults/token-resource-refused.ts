import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T7'],
  says: 'the resource is taken with a final slash only',
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const resource = new URLSearchParams(await request.clone().text()).get('resource')
        return resource === null || resource.endsWith('/')
          ? next(request)
          : json({ error: 'invalid_target' }, 400)
      }),
    )
  },
}
