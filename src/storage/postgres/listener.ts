/** The one connection on which an instance hears of revocations by others (PostgreSQL, LISTEN), opened anew for as long as it is wanted. */

import type pg from 'pg'
import { grantChannel } from './schema.ts'

export interface GrantListener {
  /** This grant is not what it was. */
  onGrant(grantId: string): void
  /** From `false` to the next `true` something may have been said that was not heard. */
  onHearing(isHearing: boolean): void
}

/** Gives what ends it. */
export function listenForGrants(
  driver: typeof pg,
  config: pg.ClientConfig,
  listener: GrantListener,
): () => Promise<void> {
  let isStopped = false
  let current: pg.Client | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  async function open(): Promise<void> {
    const client = new driver.Client(config)
    current = client
    let isOver = false
    const end = (): void => {
      if (isOver) return
      isOver = true
      clearInterval(pulse)
      listener.onHearing(false)
      void client.end().catch(() => undefined)
      if (!isStopped) retry = setTimeout(() => void open(), retryMs)
    }
    client.on('error', end)
    client.on('end', end)
    client.on('notification', ({ payload }) => listener.onGrant(payload ?? ''))
    // A network that swallows everything closes no connection; only a question that is not answered tells.
    const pulse = setInterval(() => void client.query('SELECT 1').catch(end), pulseMs)
    pulse.unref()
    try {
      await client.connect()
      await client.query(`LISTEN ${grantChannel}`)
      if (!isOver) listener.onHearing(true)
    } catch {
      end()
    }
  }

  void open()
  return async () => {
    isStopped = true
    clearTimeout(retry)
    await current?.end().catch(() => undefined)
  }
}

const retryMs = 500
const pulseMs = 2_000
