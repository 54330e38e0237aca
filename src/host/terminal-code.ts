/** A QR code in the terminal, two modules to a character, dark on light whatever the terminal's colours are. */
import { create } from 'qrcode'

const QUIET = 2

/** Lines of half blocks. Without colours (NO_COLOR, no terminal) light modules are drawn, which is right on a dark ground. */
export function terminalCode(text: string, colours = process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === ''): string {
  const { modules } = create(text, { errorCorrectionLevel: 'L' })
  const light = (row: number, column: number): boolean => row < 0 || column < 0 || row >= modules.size || column >= modules.size || modules.get(row, column) === 0
  const lines: string[] = []
  for (let row = -QUIET; row < modules.size + QUIET; row += 2) {
    let line = ''
    for (let column = -QUIET; column < modules.size + QUIET; column += 1) line += BLOCKS[light(row, column) ? 1 : 0][light(row + 1, column) ? 1 : 0]
    lines.push(colours ? `\u001b[97;40m${line}\u001b[0m` : line)
  }
  return lines.join('\n')
}

/** By whether the upper and the lower module are light. */
const BLOCKS = [[' ', '▄'], ['▀', '█']] as const
