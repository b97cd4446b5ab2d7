import type { Value } from './protocol'

/**
 * One attribute of every row of a layer, kept compact: numbers in a Float64Array, words that repeat as codes of a dictionary,
 * anything else as it came. Which of the three it is shows from the values, and changes when a value does not fit.
 * Slots are dense; the layer store moves them about.
 */
export interface Column {
  get(slot: number): Value
  set(slot: number, value: Value): void
  /** Copies slot `from` over slot `to`. */
  move(from: number, to: number): void
  /** How many slots below `size` hold each value. */
  tally(size: number): Map<Value, number>
}

/** Beyond this many different words a dictionary only costs. */
const MAX_WORDS = 4096

export function newColumn(): Column {
  return new AdaptiveColumn()
}

class AdaptiveColumn implements Column {
  private inner: Column | null = null

  get(slot: number): Value {
    return this.inner?.get(slot) ?? null
  }

  set(slot: number, value: Value): void {
    if (value === null || value === undefined) {
      this.inner?.set(slot, null)
      return
    }
    this.inner ??= typeof value === 'number' ? new NumberColumn() : typeof value === 'string' ? new WordColumn() : new PlainColumn()
    const fits =
      this.inner instanceof PlainColumn ||
      (this.inner instanceof NumberColumn && typeof value === 'number') ||
      (this.inner instanceof WordColumn && typeof value === 'string' && this.inner.hasRoomFor(value))
    if (!fits) this.inner = PlainColumn.from(this.inner as NumberColumn | WordColumn)
    this.inner.set(slot, value)
  }

  move(from: number, to: number): void {
    this.inner?.move(from, to)
  }

  tally(size: number): Map<Value, number> {
    return this.inner?.tally(size) ?? new Map(size > 0 ? [[null, size]] : [])
  }
}

class NumberColumn implements Column {
  private values = new Float64Array(16).fill(NaN) // NaN is NULL: JSON knows no NaN
  get length(): number {
    return this.values.length
  }

  get(slot: number): Value {
    const v = this.values[slot]
    return v === undefined || Number.isNaN(v) ? null : v
  }

  set(slot: number, value: Value): void {
    if (slot >= this.values.length) {
      const grown = new Float64Array(Math.max(slot + 1, this.values.length * 2)).fill(NaN, this.values.length)
      grown.set(this.values)
      this.values = grown
    }
    this.values[slot] = value === null ? NaN : (value as number)
  }

  move(from: number, to: number): void {
    this.set(to, this.get(from))
  }

  tally(size: number): Map<Value, number> {
    return count(this, size)
  }
}

class WordColumn implements Column {
  private codes = new Uint16Array(16) // 0 is NULL
  private words: string[] = []
  private code = new Map<string, number>()
  get length(): number {
    return this.codes.length
  }

  hasRoomFor(word: string): boolean {
    return this.words.length < MAX_WORDS || this.code.has(word)
  }

  get(slot: number): Value {
    const code = this.codes[slot]
    return code ? this.words[code - 1]! : null
  }

  set(slot: number, value: Value): void {
    if (slot >= this.codes.length) {
      const grown = new Uint16Array(Math.max(slot + 1, this.codes.length * 2))
      grown.set(this.codes)
      this.codes = grown
    }
    if (value === null) {
      this.codes[slot] = 0
      return
    }
    const word = value as string
    let code = this.code.get(word)
    if (code === undefined) {
      code = this.words.push(word)
      this.code.set(word, code)
    }
    this.codes[slot] = code
  }

  move(from: number, to: number): void {
    this.set(to, this.get(from))
  }

  tally(size: number): Map<Value, number> {
    const counts = new Uint32Array(this.words.length + 1)
    const known = Math.min(size, this.codes.length)
    for (let slot = 0; slot < known; slot++) counts[this.codes[slot]!]!++
    counts[0]! += size - known
    const out = new Map<Value, number>()
    counts.forEach((n, code) => {
      if (n > 0) out.set(code === 0 ? null : this.words[code - 1]!, n)
    })
    return out
  }
}

class PlainColumn implements Column {
  private values: Value[] = []

  static from(column: NumberColumn | WordColumn): PlainColumn {
    const plain = new PlainColumn()
    for (let slot = 0; slot < column.length; slot++) plain.values.push(column.get(slot))
    return plain
  }

  get(slot: number): Value {
    return this.values[slot] ?? null
  }

  set(slot: number, value: Value): void {
    while (this.values.length < slot) this.values.push(null) // no holes: they would make the array slow
    this.values[slot] = value
  }

  move(from: number, to: number): void {
    this.set(to, this.get(from))
  }

  tally(size: number): Map<Value, number> {
    return count(this, size)
  }
}

function count(column: Column, size: number): Map<Value, number> {
  const out = new Map<Value, number>()
  for (let slot = 0; slot < size; slot++) {
    const v = column.get(slot)
    out.set(v, (out.get(v) ?? 0) + 1)
  }
  return out
}
