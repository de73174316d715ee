/** Bodies, read no further than they may be long: what is longer is given up before it is held in memory. */

/**
 * Undefined where it is longer. A length that was told is kept to by HTTP itself (RFC 9112 §6.2), and reading at once is
 * several times as fast.
 */
export async function readBoundedBody(
  request: Request,
  maximumBytes: number,
): Promise<Uint8Array | undefined> {
  const told = Number(request.headers.get('content-length') ?? Number.NaN)
  if (told > maximumBytes) return undefined
  if (Number.isNaN(told)) return collect(request.body, maximumBytes)
  const bytes = await bytesOf(request)
  return bytes.byteLength > maximumBytes ? undefined : bytes
}

/** Undefined where there is more. */
export async function collect(
  stream: ReadableStream<Uint8Array> | null,
  maximumBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream ?? []) {
    size += chunk.byteLength
    if (size > maximumBytes) return undefined
    chunks.push(chunk)
  }
  return concatenate(chunks, size)
}

/** One alone is not copied. */
export function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

/** Runtimes that do not know it yet copy once more. */
async function bytesOf(request: Request): Promise<Uint8Array> {
  return 'bytes' in request ? request.bytes() : new Uint8Array(await (request as Body).arrayBuffer())
}
