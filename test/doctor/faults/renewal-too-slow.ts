import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['X11'],
  says: 'a renewal waits 31 seconds for another service',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const isRenewal = (await request.clone().text()).includes('grant_type=refresh_token')
        if (isRenewal) lab.clock.ms += 31_000
        return next(request)
      }),
    )
  },
}
