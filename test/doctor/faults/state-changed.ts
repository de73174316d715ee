import { atPath, type Fault, withLocation } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z4'],
  says: 'the state comes back in lower case',
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        withLocation(({ searchParams }) => {
          searchParams.set('state', (searchParams.get('state') ?? '').toLowerCase())
        }),
      ),
    )
  },
}
