/** Finds relative links in the project's Markdown that lead nowhere, to files and to headings. */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `elsewhere`: links that may lead to what is not here. */
export function linkProblems(root: string, elsewhere?: RegExp): string[] {
  return globSync('**/*.md', { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })
    .sort()
    .flatMap((path) =>
      linksOf(readFileSync(join(root, path), 'utf8'))
        .filter((link) => elsewhere?.test(link) !== true && !leadsSomewhere(join(root, path), link))
        .map((link) => `${path}: ${link} leads nowhere`),
    )
}

/** Targets of links and images that are not addresses of their own; code is no prose, so it holds no links. */
export function linksOf(markdown: string): string[] {
  const inline = prose(markdown).matchAll(
    /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s+(\S+)/gm,
  )
  const html = prose(markdown).matchAll(/<(?:img|a)\b[^>]*?\b(?:src|href)="([^"]+)"/g)
  return [...inline, ...html]
    .map(([, target, reference]) => target ?? reference ?? '')
    .filter((target) => !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target))
}

/** The anchors that GitHub gives to headings. */
export function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of markdown
    .replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const text = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    anchors.add(before === 0 ? slug : `${slug}-${before}`)
  }
  return anchors
}

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : join(dirname(from), decodeURIComponent(path))
  if (!existsSync(target)) return false
  return (
    anchor === undefined || !target.endsWith('.md') || anchorsOf(readFileSync(target, 'utf8')).has(anchor)
  )
}

function prose(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '')
}
