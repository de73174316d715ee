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
  /** Sent at all: not an empty tick box. */
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

export interface HtmlPage {
  forms: readonly HtmlForm[]
  /** Where links lead. */
  links: readonly string[]
  /** Where the page goes on by itself (`http-equiv=refresh`). */
  refresh: string | undefined
  /** What a person would read of it, blanks folded. */
  text: string
}

/** Never throws, in one pass over the text; what cannot be read is left out. */
export function readHtmlPage(html: string): HtmlPage {
  const forms: OpenForm[] = []
  const links: string[] = []
  const words: string[] = []
  let refresh: string | undefined
  let form: OpenForm | undefined
  for (const token of tokensOf(html)) {
    if (token.kind === 'text') {
      const text = decodeEntities(token.text)
      words.push(text)
      form?.onText(text)
      continue
    }
    words.push(' ')
    const { name, attributes } = token
    if (name === 'form') {
      form = token.kind === 'open' ? openForm(attributes) : undefined
      if (form !== undefined) forms.push(form)
    } else if (token.kind === 'open') {
      if (name === 'a' && attributes.has('href')) links.push(attributes.get('href') ?? '')
      if (name === 'meta' && attributes.get('http-equiv')?.toLowerCase() === 'refresh') {
        refresh ??= /url=\s*['"]?([^'"]+)/i.exec(attributes.get('content') ?? '')?.[1]?.trim()
      }
      form?.onOpen(name, attributes)
    } else form?.onClose(name)
  }
  const text = words.join('').replace(/\s+/g, ' ').trim()
  return { forms: forms.map((open) => open.finished()), links, refresh, text }
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

type Attributes = ReadonlyMap<string, string>

interface OpenForm {
  onOpen(name: string, attributes: Attributes): void
  onClose(name: string): void
  onText(text: string): void
  finished(): HtmlForm
}

/** An element whose text belongs to it. */
interface Holder {
  name: string
  text: string
  done(text: string): void
}

function openForm(form: Attributes): OpenForm {
  const fields: FormField[] = []
  const buttons: FormButton[] = []
  let holder: Holder | undefined
  let select: Select | undefined

  return {
    onOpen(name, attributes) {
      if (attributes.has('disabled')) return
      if (name === 'input') onInput(attributes)
      else if (name === 'button') hold(name, (text) => onButton(attributes, text))
      else if (name === 'textarea') hold(name, (text) => addField(attributes, 'textarea', text, true))
      else if (name === 'select') select = { attributes, options: [] }
      else if (name === 'option' && select !== undefined) select.options.push({ attributes, text: '' })
    },
    onClose(name) {
      if (name === 'select') finishSelect()
      if (holder?.name !== name) return
      const held = holder
      holder = undefined
      held.done(held.text)
    },
    onText(text) {
      if (holder !== undefined) holder.text += text
      const option = select?.options.at(-1)
      if (option !== undefined) option.text += text
    },
    finished() {
      if (holder !== undefined) holder.done(holder.text)
      finishSelect()
      const method = form.get('method')?.toLowerCase() === 'post' ? 'POST' : 'GET'
      return { action: form.get('action') ?? '', method, fields, buttons }
    },
  }

  function hold(name: string, done: (text: string) => void): void {
    holder = { name, text: '', done }
  }

  function onInput(attributes: Attributes): void {
    const type = attributes.get('type')?.toLowerCase() ?? 'text'
    if (type === 'submit' || type === 'image') onButton(attributes, attributes.get('value') ?? '')
    else if (type === 'checkbox' || type === 'radio') {
      addField(attributes, type, attributes.get('value') ?? 'on', attributes.has('checked'))
    } else if (type !== 'button' && type !== 'reset') {
      addField(attributes, type, attributes.get('value') ?? '', true)
    }
  }

  function addField(attributes: Attributes, type: string, value: string, isSuccessful: boolean): void {
    const name = attributes.get('name') ?? ''
    if (name !== '') fields.push({ name, type, value, isSuccessful })
  }

  function onButton(attributes: Attributes, text: string): void {
    const type = attributes.get('type')?.toLowerCase() ?? 'submit'
    if (type !== 'submit' && type !== 'image') return
    const value = attributes.get('value') ?? ''
    const shown = text.replace(/\s+/g, ' ').trim()
    buttons.push({
      name: attributes.get('name') || undefined,
      value,
      text: shown || attributes.get('aria-label') || value,
      action: attributes.get('formaction'),
    })
  }

  function finishSelect(): void {
    if (select === undefined) return
    const { attributes, options } = select
    select = undefined
    const chosen = options.find((option) => option.attributes.has('selected')) ?? options[0]
    if (chosen === undefined) return
    addField(attributes, 'select', chosen.attributes.get('value') ?? chosen.text.trim(), true)
  }
}

interface Select {
  attributes: Attributes
  options: { attributes: Attributes; text: string }[]
}

type Token =
  | { kind: 'text'; text: string }
  | { kind: 'open'; name: string; attributes: Attributes }
  | { kind: 'close'; name: string; attributes: Attributes }

/** Their content is no markup, and no text for people. */
const hiddenElements = new Set(['script', 'style', 'template', 'noscript', 'title'])

function* tokensOf(html: string): Generator<Token> {
  const lower = html.toLowerCase()
  let at = 0
  while (at < html.length) {
    const next = html.indexOf('<', at)
    if (next !== at) yield { kind: 'text', text: html.slice(at, next === -1 ? html.length : next) }
    if (next === -1) return
    if (html.startsWith('<!--', next)) {
      at = endOf(html, '-->', next + 4)
      continue
    }
    const tag = readTag(html, next)
    if (tag === undefined) {
      const isDeclaration = /[!?/]/.test(html.charAt(next + 1))
      if (!isDeclaration) yield { kind: 'text', text: '<' }
      at = isDeclaration ? endOf(html, '>', next) : next + 1
      continue
    }
    at = tag.end
    if (tag.kind === 'open' && hiddenElements.has(tag.name)) {
      at = endOf(html, '>', endOf(lower, `</${tag.name}`, at))
    } else yield tag
  }
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + mark.length
}

/** The tag that begins at `start`. Sticky expressions, each of which eats at least a character, keep this linear. */
function readTag(
  html: string,
  start: number,
): ((Token & { kind: 'open' | 'close' }) & { end: number }) | undefined {
  const opening = /<(\/?)([a-z][^\s/>]*)/iy
  opening.lastIndex = start
  const opened = opening.exec(html)
  if (opened === null) return undefined
  const attributes = new Map<string, string>()
  const attribute = /[\s/]*(?:([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?|=)/y
  attribute.lastIndex = opening.lastIndex
  let end = opening.lastIndex
  for (let found = attribute.exec(html); found !== null; found = attribute.exec(html)) {
    end = attribute.lastIndex
    const key = found[1]?.toLowerCase()
    if (key !== undefined && !attributes.has(key)) {
      attributes.set(key, decodeEntities(found[2] ?? found[3] ?? found[4] ?? ''))
    }
  }
  const close = /[\s/]*>/y
  close.lastIndex = end
  const kind = opened[1] === '/' ? 'close' : 'open'
  return {
    kind,
    name: (opened[2] ?? '').toLowerCase(),
    attributes,
    end: close.test(html) ? close.lastIndex : end,
  }
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
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,20}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return namedEntities[String(name).toLowerCase()] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
