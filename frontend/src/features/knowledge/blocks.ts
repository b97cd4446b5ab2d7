import type { TextPart } from './queries'

/** A stretch of a line: strong, marked, both or neither. */
export interface Span {
  text: string
  strong: boolean
  mark: boolean
}

export interface Block {
  kind: 'heading' | 'paragraph' | 'bullets' | 'steps'
  /** Of a list its items, of everything else its lines. */
  lines: Span[][]
}

/** What a body is made of: lines that begin with "## ", "- " or "1. " are headings and lists, **words** are strong, all else is text as it stands. */
export function toBlocks(body: string, words: readonly string[] = []): Block[] {
  const blocks: Block[] = []
  let open: Block | null = null
  for (const line of body.split('\n')) {
    const found = /^\s*(?:(#{1,4})\s+|([-*•])\s+|(\d{1,2})[.、．]\s*)(?=\S)/.exec(line)
    const kind = !found ? 'paragraph' : found[1] ? 'heading' : found[2] ? 'bullets' : 'steps'
    const text = line.slice(found?.[0].length ?? 0).trim()
    if (!text) {
      open = null
      continue
    }
    if (!open || open.kind !== kind || kind === 'heading') blocks.push((open = { kind, lines: [] }))
    open.lines.push(toSpans(text, words))
  }
  return blocks
}

function toSpans(text: string, words: readonly string[]): Span[] {
  return text.split(/\*\*(.+?)\*\*/).flatMap((piece, i) => markWords(piece, words).map((part) => ({ text: part.text, mark: !!part.mark, strong: i % 2 === 1 })))
}

/** Cuts a text where one of the words stands, whatever the case of letters. */
export function markWords(text: string, words: readonly string[]): TextPart[] {
  const sought = [...new Set(words)].filter(Boolean).sort((a, b) => b.length - a.length)
  if (!sought.length) return text ? [{ text }] : []
  const pattern = new RegExp(`(${sought.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi')
  return text.split(pattern).map((part, i) => ({ text: part, mark: i % 2 === 1 })).filter((part) => part.text)
}

/** The words of a hit as they are written in it. */
export const markedWords = (parts: readonly TextPart[]): string[] => parts.filter((part) => part.mark).map((part) => part.text)
