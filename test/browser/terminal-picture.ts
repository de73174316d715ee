// What a program printed, as a picture of a terminal: ANSI colours to HTML (ECMA-48, SGR), for a browser to photograph.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface TerminalWindow {
  readonly title: string
  /** Text as it came, colours included. */
  readonly screen: string
}

/** A page with these windows, one below the other. */
export async function terminalPage(windows: readonly TerminalWindow[]): Promise<string> {
  return `<!doctype html><meta charset="utf-8"><title>Terminal</title>
<style>
${await fontFaces()}
body { margin: 0; padding: 22px 32px 38px; display: grid; gap: 26px; width: max-content; background: transparent; }
.window { border-radius: 11px; background: #14181f; color: #d7dce4; overflow: hidden;
  box-shadow: 0 14px 34px rgb(0 0 0 / .34), 0 0 0 1px rgb(255 255 255 / .09); }
.bar { display: flex; gap: 8px; align-items: center; padding: 11px 14px; background: #1d232c; }
.bar i { width: 12px; height: 12px; border-radius: 50%; }
.bar span { flex: 1; margin-right: 52px; text-align: center; font: 13px 'Open Sans', sans-serif; color: #8b95a5; }
pre { margin: 0; padding: 16px 26px 22px; font: 13.5px/1.5 'Terminal', ui-monospace, monospace; }
b { font-weight: bold; color: #fff; }
.dim { color: #8290a3; } .red { color: #ff7b72; } .green { color: #5fd38d; } .yellow { color: #e8c268; }
.cyan { color: #6cc7e8; }
</style>
${windows.map(windowHtml).join('\n')}`
}

function windowHtml({ title, screen }: TerminalWindow): string {
  const buttons = ['#ff6159', '#ffbd2e', '#28c941'].map((colour) => `<i style="background:${colour}"></i>`)
  return `<div class="window"><div class="bar">${buttons.join('')}<span>${escapeHtml(title)}</span></div>
<pre>${ansiToHtml(screen)}</pre></div>`
}

/** Knows the styles that Postern uses, and refuses others rather than show them wrong. */
export function ansiToHtml(text: string): string {
  const styles = { bold: false, dim: false, colour: undefined as string | undefined }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read
  const parts = text.split(/\u001b\[([\d;]*)m/)
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return styled(part, styles)
      for (const code of (part || '0').split(';')) applyStyle(styles, code)
      return ''
    })
    .join('')
}

interface Styles {
  bold: boolean
  dim: boolean
  colour: string | undefined
}

const COLOURS: Record<string, string> = { 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' }

function applyStyle(styles: Styles, code: string): void {
  if (code === '0') Object.assign(styles, { bold: false, dim: false, colour: undefined })
  else if (code === '1') styles.bold = true
  else if (code === '2') styles.dim = true
  else if (code === '22') Object.assign(styles, { bold: false, dim: false })
  else if (code === '39') styles.colour = undefined
  else if (COLOURS[code] !== undefined) styles.colour = COLOURS[code]
  else throw new Error(`no picture is known for SGR ${code}`)
}

function styled(text: string, { bold, dim, colour }: Styles): string {
  if (text === '') return ''
  const name = colour ?? (dim ? 'dim' : undefined)
  const inner = name === undefined ? escapeHtml(text) : `<span class="${name}">${escapeHtml(text)}</span>`
  return bold ? `<b>${inner}</b>` : inner
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The packaged browser brings no font of fixed width; machines do, in one of these places. */
const FONT_FOLDERS = [
  '/usr/share/fonts/truetype/dejavu',
  '/usr/share/fonts/dejavu-sans-mono-fonts',
  '/usr/share/fonts/TTF',
]

async function fontFaces(): Promise<string> {
  const folder = FONT_FOLDERS.find((path) => existsSync(join(path, 'DejaVuSansMono.ttf')))
  if (folder === undefined) return ''
  const face = async (file: string, weight: string): Promise<string> => {
    const data = await readFile(join(folder, file), 'base64')
    return `@font-face { font-family: 'Terminal'; font-weight: ${weight}; src: url(data:font/ttf;base64,${data}); }`
  }
  return `${await face('DejaVuSansMono.ttf', 'normal')}\n${await face('DejaVuSansMono-Bold.ttf', 'bold')}`
}
