import { atPath, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z6'],
  says: 'the button that denies stands first',
  break(lab) {
    lab.addEdge(
      atPath(
        '/authorize',
        whenStatus(200, async (request, next) => {
          const answer = await next(request)
          const page = await answer.text()
          const swapped = page.replace(/(<button.*?<\/button>)(<button.*?<\/button>)/, '$2$1')
          return new Response(swapped, { headers: answer.headers })
        }),
      ),
    )
  },
}
