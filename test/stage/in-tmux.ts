/** A ceremony held in tmux: a real terminal of a real size, whose screen can be read as a person reads it. */
import { execFileSync } from 'node:child_process'
import { People, type Table } from './at-the-table.js'

/** Runs a command in a tmux of its own until it ends, answers its questions, and returns what was on the screen, whole. */
export async function holdInTmux(cwd: string, command: readonly string[], table: Table, onQuestion: () => void): Promise<{ code: number; screen: string }> {
  const tmux = (...words: string[]): string => execFileSync('tmux', ['-L', `glasskey-${process.pid}`, ...words], { encoding: 'utf8', cwd })
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '50', '-s', 'table', `tmux -L glasskey-${process.pid} set-option -g history-limit 20000; NO_COLOR=1 ${quoted}; echo "ENDED $?"; sleep 600`)
  const people = new People(table)
  try {
    for (let answered = ''; ; await new Promise((again) => setTimeout(again, 60))) {
      const screen = tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'table').trimEnd()
      const ended = /^ENDED (\d+)$/m.exec(screen)
      if (ended) return { code: Number(ended[1]), screen: screen.slice(0, ended.index).trimEnd() }
      const answer = screen === answered ? null : people.answer(screen.slice(screen.lastIndexOf('\n') + 1))
      if (answer === null) continue
      onQuestion()
      if (answer !== '') tmux('send-keys', '-t', 'table', '-l', '--', answer)
      answered = tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'table').trimEnd()
      tmux('send-keys', '-t', 'table', 'Enter')
    }
  } finally {
    tmux('kill-server')
  }
}
