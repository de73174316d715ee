import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'nobody looks at `resource`, and every token opens everything',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const url = new URL(request.url)
        url.searchParams.delete('resource')
        return next(new Request(url, request))
      }),
    )
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const form = new URLSearchParams(await request.text())
        form.delete('resource')
        const { url, headers } = request
        return next(new Request(url, { method: 'POST', headers, body: form.toString() }))
      }),
    )
  },
}
