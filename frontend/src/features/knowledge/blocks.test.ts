import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markWords, markedWords, toBlocks } from './blocks'

describe('a body', () => {
  test('has headings, lists, steps and paragraphs', () => {
    const blocks = toBlocks('## 怎么办\n1. 劝离\n2、 报 **119**\n\n一段\n第二行\n- 甲\n- 乙')
    expect(blocks.map((block) => [block.kind, block.lines.map((spans) => spans.map((span) => span.text).join(''))])).toEqual([
      ['heading', ['怎么办']],
      ['steps', ['劝离', '报 119']],
      ['paragraph', ['一段', '第二行']],
      ['bullets', ['甲', '乙']],
    ])
    expect(blocks[1]!.lines[1]).toEqual([{ text: '报 ', strong: false, mark: false }, { text: '119', strong: true, mark: false }])
  })

  test('marks words, also in what is strong', () => {
    expect(toBlocks('占用**消防通道**的', ['消防'])[0]!.lines[0]).toEqual([
      { text: '占用', strong: false, mark: false },
      { text: '消防', strong: true, mark: true },
      { text: '通道', strong: true, mark: false },
      { text: '的', strong: false, mark: false },
    ])
  })

  test('a number or a dash inside of a line is text', () => {
    expect(toBlocks('12345 热线 - 每天')[0]!.kind).toBe('paragraph')
    expect(toBlocks('')).toEqual([])
  })
})

test('marks leave a text as it is, whatever the words hold', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (text, words) => {
      expect(markWords(text, words).map((part) => part.text).join('')).toBe(text)
    }),
  )
  expect(markedWords(markWords('PM2.5 与 pm2x5', ['pm2.5']))).toEqual(['PM2.5'])
})
