/** The forms of a sign-in page, read from its HTML as far as filling them in needs it, and sent as a browser would (WHATWG HTML §4.10.22). */

export interface HtmlForm {
  action: string
  method: 'GET' | 'POST'
  fields: readonly FormField[]
  buttons: readonly FormButton[]
}

export interface FormField {
  name: string
  type: string
  value: string
  /** Sent at all: not an empty tick box, nor a disabled field. */
  isSuccessful: boolean
}

export interface FormButton {
  name: string | undefined
  value: string
  /** What a person reads on it. */
  text: string
  /** `formaction`, where the button goes elsewhere. */
  action: string | undefined
}

/** Never throws; what cannot be read is left out. */
export function readHtmlForms(html: string): HtmlForm[] {
  const visible = html.replace(/<!--[\s\S]*?-->|<(script|style|template)\b[\s\S]*?<\/\1\s*>/gi, '')
  const forms: HtmlForm[] = []
  for (const [, attributes = '', inside = ''] of visible.matchAll(
    /<form\b([^>]*)>([\s\S]*?)(?:<\/form\s*>|$)/gi,
  )) {
    const read = readAttributes(attributes)
    forms.push({
      action: read.get('action') ?? '',
      method: read.get('method')?.toLowerCase() === 'post' ? 'POST' : 'GET',
      fields: readFields(inside),
      buttons: readButtons(inside),
    })
  }
  return forms
}

/** What a person would read of a page, for messages. */
export function readHtmlText(html: string, maximumCharacters: number): string {
  const text = html
    .replace(/<!--[\s\S]*?-->|<(script|style|template|head)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
  return decodeEntities(text).replace(/\s+/g, ' ').trim().slice(0, maximumCharacters)
}

/** The body of a submission: what was filled in, what was there, and the pressed button. */
export function submissionOf(
  form: HtmlForm,
  button: FormButton | undefined,
  filled: ReadonlyMap<string, string>,
): URLSearchParams {
  const body = new URLSearchParams()
  for (const field of form.fields) {
    const value = filled.get(field.name)
    if (value !== undefined) body.append(field.name, value)
    else if (field.isSuccessful) body.append(field.name, field.value)
  }
  if (button?.name !== undefined) body.append(button.name, button.value)
  return body
}

const buttonTypes = new Set(['submit', 'image', 'button', 'reset'])

function readFields(html: string): FormField[] {
  const fields: FormField[] = []
  const elements = html.matchAll(
    /<input\b((?:[^>"']|"[^"]*"|'[^']*')*)>|<select\b([^>]*)>([\s\S]*?)<\/select\s*>|<textarea\b([^>]*)>([\s\S]*?)<\/textarea\s*>/gi,
  )
  for (const [, input, select, options = '', area, text = ''] of elements) {
    const attributes = readAttributes(input ?? select ?? area ?? '')
    const name = attributes.get('name')
    if (name === undefined || name === '' || attributes.has('disabled')) continue
    if (select !== undefined) fields.push(readSelect(name, options))
    else if (area !== undefined)
      fields.push({ name, type: 'textarea', value: decodeEntities(text), isSuccessful: true })
    else if (!buttonTypes.has(typeOf(attributes))) fields.push(readInput(name, attributes))
  }
  return fields
}

function readInput(name: string, attributes: ReadonlyMap<string, string>): FormField {
  const type = typeOf(attributes)
  const isTickable = type === 'checkbox' || type === 'radio'
  return {
    name,
    type,
    value: attributes.get('value') ?? (isTickable ? 'on' : ''),
    isSuccessful: !isTickable || attributes.has('checked'),
  }
}

function readSelect(name: string, html: string): FormField {
  const options = [...html.matchAll(/<option\b([^>]*)>([^<]*)/gi)].map(([, attributes = '', text = '']) => {
    return { attributes: readAttributes(attributes), text: decodeEntities(text).trim() }
  })
  const chosen = options.find(({ attributes }) => attributes.has('selected')) ?? options[0]
  return {
    name,
    type: 'select',
    value: chosen?.attributes.get('value') ?? chosen?.text ?? '',
    isSuccessful: chosen !== undefined,
  }
}

function readButtons(html: string): FormButton[] {
  const buttons: FormButton[] = []
  const elements = html.matchAll(
    /<button\b((?:[^>"']|"[^"]*"|'[^']*')*)>([\s\S]*?)<\/button\s*>|<input\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi,
  )
  for (const [, button, inside = '', input] of elements) {
    const attributes = readAttributes(button ?? input ?? '')
    const type = attributes.get('type')?.toLowerCase() ?? (button === undefined ? 'text' : 'submit')
    if ((type !== 'submit' && type !== 'image') || attributes.has('disabled')) continue
    const value = attributes.get('value') ?? ''
    const text = button === undefined ? value : readHtmlText(inside, 200)
    buttons.push({
      name: attributes.get('name') || undefined,
      value,
      text: text || attributes.get('aria-label') || value,
      action: attributes.get('formaction'),
    })
  }
  return buttons
}

function typeOf(attributes: ReadonlyMap<string, string>): string {
  return attributes.get('type')?.toLowerCase() ?? 'text'
}

function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', quoted, single, bare] of text.matchAll(
    /([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g,
  )) {
    const key = name.toLowerCase()
    if (!attributes.has(key)) attributes.set(key, decodeEntities(quoted ?? single ?? bare ?? ''))
  }
  return attributes
}

const namedEntities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return namedEntities[String(name).toLowerCase()] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
