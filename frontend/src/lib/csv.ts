type Cell = string | number | null

/** What a spreadsheet would take for a formula. */
const formula = /^[=+\-@\t\r]/

/** One cell: a text that a spreadsheet would compute is made a text, numbers stay numbers. */
export function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : ''
  const text = formula.test(cell) ? `'${cell}` : cell
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A table as CSV: UTF-8 with a byte order mark, without which Excel reads Chinese wrongly, and CRLF. */
export const csv = (rows: readonly (readonly Cell[])[]) => `\ufeff${rows.map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`

/** Gives a text to the reader as a file. */
export function saveText(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
