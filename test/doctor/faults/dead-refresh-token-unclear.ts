import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['X2'],
  says: 'a dead refresh token is answered with 500',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const isRenewal = (await request.clone().text()).includes('grant_type=refresh_token')
        return isRenewal
          ? whenStatus(400, changed({ status: 500, body: '{}' }))(request, next)
          : next(request)
      }),
    )
  },
}
