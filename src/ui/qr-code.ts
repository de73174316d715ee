/** A picture that a phone's camera reads as an address (ISO/IEC 18004), drawn inline so that nothing is loaded. */

import encodeQR from 'qr'
import { html, type Markup } from './markup.ts'

/** Black on white in every theme, with the blank border that readers need. */
export function qrCode(address: string, label: string): Markup {
  const rows = encodeQR(address, 'raw', { ecc: 'medium', border: borderModules })
  const size = rows.length
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${pathOf(rows)}"/></svg>`
}

const borderModules = 4

/** One stroke for each run of dark modules in a row. */
function pathOf(rows: readonly (readonly boolean[])[]): string {
  const strokes: string[] = []
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (row[x] !== true) continue
      const start = x
      while (row[x + 1] === true) x++
      strokes.push(`M${start} ${y}h${x - start + 1}v1H${start}z`)
    }
  }
  return strokes.join('')
}
