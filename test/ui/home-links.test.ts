/** What a visitor takes along from the home page says what it should: the picture for a phone, and the links of clients. */

import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import { claudeAddLink, cursorAddLink, vscodeAddLink } from '../../src/ui/add-links.ts'
import { markupText } from '../../src/ui/markup.ts'
import { qrCode } from '../../src/ui/qr-code.ts'

const connector = { name: 'Notes & Töols', url: 'https://mcp.example.com/t/a~b/mcp?x=1&y="2"' }

test.each(['https://mcp.example.com/', `https://${'very-long-label.'.repeat(12)}example.com:8443/`])(
  'the picture is read as %s',
  (address) => {
    expect(readQr(markupText(qrCode(address, 'Scan')))).toBe(address)
  },
)

test('claude.ai is told name and address', () => {
  const { origin, pathname, searchParams } = new URL(claudeAddLink(connector))
  expect(origin + pathname).toBe('https://claude.ai/customize/connectors')
  expect(Object.fromEntries(searchParams)).toEqual({
    modal: 'add-custom-connector',
    connectorName: connector.name,
    connectorUrl: connector.url,
  })
})

test('Cursor is told a name that it takes, and the address', () => {
  const { searchParams } = new URL(cursorAddLink(connector))
  expect(searchParams.get('name')).toBe('notes-to-ols')
  expect(JSON.parse(Buffer.from(searchParams.get('config') ?? '', 'base64').toString())).toEqual({
    url: connector.url,
  })
})

test('VS Code is told a name that it takes, and the address', () => {
  const link = vscodeAddLink(connector)
  expect(link).toMatch(/^vscode:mcp\/install\?[^"<> ]+$/)
  expect(JSON.parse(decodeURIComponent(link.split('?')[1] ?? ''))).toEqual({
    name: 'notes-to-ols',
    type: 'http',
    url: connector.url,
  })
})

/** Painted as a browser paints it, four pixels to a module. */
function readQr(svg: string): string {
  const size = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1])
  const dark = new Set<string>()
  for (const [, x = '', y = '', length = ''] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g)) {
    for (let step = 0; step < Number(length); step++) dark.add(`${Number(x) + step} ${y}`)
  }
  const width = size * 4
  const data = new Uint8Array(width * width * 4)
  for (let index = 0; index < width * width; index++) {
    const [column, row] = [Math.floor((index % width) / 4), Math.floor(index / width / 4)]
    data.fill(dark.has(`${column} ${row}`) ? 0 : 255, index * 4, index * 4 + 3)
    data[index * 4 + 3] = 255
  }
  return decodeQR({ width, height: width, data })
}
