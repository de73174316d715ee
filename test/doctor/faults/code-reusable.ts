import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z17'],
  says: 'the same code is answered the same way again',
  doctor: { isIntrusive: true },
  break(lab) {
    const answers = new Map<string, Response>()
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const code = new URLSearchParams(await request.clone().text()).get('code')
        if (code === null) return next(request)
        const answer = answers.get(code) ?? (await next(request))
        if (answer.status === 200) answers.set(code, answer.clone())
        return answer.clone()
      }),
    )
  },
}
