import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T5'],
  says: 'the code is given by one instance, and the exchange comes to another one first',
  doctor: { isIntrusive: true },
  break(lab) {
    const seen = new Set<string>()
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const code = new URLSearchParams(await request.clone().text()).get('code')
        if (code === null || seen.has(code)) return next(request)
        seen.add(code)
        return json({ error: 'invalid_grant' }, 400)
      }),
    )
  },
}
