import { atPath, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N21'],
  says: 'a zero-trust proxy sends whoever has no session to its login',
  break(lab) {
    const login = 'https://lab.cloudflareaccess.com/cdn-cgi/access/login/mcp.lab.example'
    lab.addEdge(
      atPath(
        '/mcp',
        whenStatus(401, () => new Response(null, { status: 302, headers: { Location: login } })),
      ),
    )
  },
}
