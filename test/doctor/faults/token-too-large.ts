import { atPath, type Fault, withMembers } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

const groups = 'group'.repeat(1600)

export const fault: Fault = {
  rows: ['V12'],
  says: 'a token with every group of the person in it, and a proxy with 8 KB for headers',
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        withMembers(({ access_token: token }) =>
          token === undefined ? {} : { access_token: `${token}.${groups}` },
        ),
      ),
    )
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const isLarge = (request.headers.get('authorization') ?? '').length > groups.length
        return isLarge ? html('Request Header Fields Too Large', 431) : next(request)
      }),
    )
  },
}
