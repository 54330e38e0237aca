/** What stands on a terminal after everything that was written to it: as much of ECMA-48 as glasskey writes. */

/** Lines of the screen, without scrolling. */
export function screenOf(written: string): string {
  const lines = ['']
  let [row, column] = [0, 0]
  for (const [token, up] of written.matchAll(/\u001b\[(\d*)A|\u001b\[J|\u001b\[[0-9;]*m|\r|\n|[^\u001b\r\n\u0007]+/gu)) {
    if (up !== undefined) row = Math.max(0, row - Number(up || 1))
    else if (token === '\u001b[J') lines.splice(row, lines.length, (lines[row] ?? '').slice(0, column))
    else if (token === '\r') column = 0
    else if (token === '\n') {
      row += 1
      column = 0
      while (lines.length <= row) lines.push('')
    } else if (!token.startsWith('\u001b')) {
      const line = (lines[row] ?? '').padEnd(column)
      lines[row] = line.slice(0, column) + token + line.slice(column + token.length)
      column += token.length
    }
  }
  return lines.join('\n')
}
