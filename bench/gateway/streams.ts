/** What an open stream on which nothing happens costs in memory. */

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Resident bytes for each of so many streams, above what the process had before. */
export async function bytesPerStream(
  pid: number,
  count: number,
  open: () => Promise<Socket>,
): Promise<number> {
  const warmUp = Math.ceil(count / 20)
  const sockets: Socket[] = []
  for (let index = 0; index < warmUp; index++) sockets.push(await open())
  await wait(settleMs)
  const before = residentBytes(pid)
  for (let index = warmUp; index < count; index += atOnce) {
    const several = Math.min(atOnce, count - index)
    sockets.push(...(await Promise.all(Array.from({ length: several }, open))))
  }
  await wait(settleMs)
  const bytes = (residentBytes(pid) - before) / (count - warmUp)
  for (const socket of sockets) socket.destroy()
  return bytes
}

const atOnce = 50
/** Until what was used in passing has been collected. */
const settleMs = 3_000

function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1] ?? Number.NaN) * 1024
}

/** A GET whose stream is begun when this resolves, and then is let be. */
export function openStream(url: string, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const { hostname, port, pathname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.once('data', (bytes) => {
      const isOpen = bytes.toString('latin1').startsWith('HTTP/1.1 200')
      if (isOpen) resolve(socket)
      else reject(new Error(bytes.toString('latin1').slice(0, 300)))
    })
    socket.once('error', reject)
    const fields = Object.entries({ accept: 'text/event-stream', ...headers })
    socket.write(
      `GET ${pathname} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    )
  })
}
