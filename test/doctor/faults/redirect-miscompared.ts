import { atPath, type Fault, withForm } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T6'],
  says: 'the redirect URI is decoded once too often',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        withForm((form) => {
          const sent = form.get('redirect_uri') ?? ''
          const isEncoded = sent.includes('%')
          if (sent !== '') form.set('redirect_uri', isEncoded ? decodeURIComponent(sent) : 'another')
        }),
      ),
    )
  },
}
