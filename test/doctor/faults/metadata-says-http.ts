import { atPath, changed, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N22'],
  says: 'behind a proxy that ends TLS the server believes that it is reached by http',
  break(lab) {
    const host = new URL(lab.url).host
    lab.addEdge(
      atPath(/\/\.well-known\//, async (request, next) => {
        const body = (await (await next(request)).clone().text()).replaceAll(
          `https://${host}`,
          `http://${host}`,
        )
        return changed({ body })(request, next)
      }),
    )
  },
}
