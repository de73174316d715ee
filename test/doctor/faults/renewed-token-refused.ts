import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X6'],
  says: 'renewals are answered from a cache, and what they give is worth nothing',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const form = new URLSearchParams(await request.clone().text())
        const answer = await next(request)
        if (form.get('grant_type') !== 'refresh_token' || answer.status !== 200) return answer
        return json({ ...((await answer.json()) as object), access_token: 'cached'.repeat(6) })
      }),
    )
  },
}
