import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X3'],
  says: 'clients are kept in memory',
  doctor: { afterRestart: true },
  break(lab) {
    const known = new Set<string>()
    const forgotten = new Set<string>()
    lab.onRestart(() => {
      for (const id of known) forgotten.add(id)
    })
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const id = new URLSearchParams(await request.clone().text()).get('client_id') ?? ''
        if (forgotten.has(id)) return json({ error: 'invalid_client' }, 401)
        known.add(id)
        return next(request)
      }),
    )
  },
}
