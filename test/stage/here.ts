/** A command in this process: for those that start nothing, ask nobody and end at once. What cli.ts does before them has its tests in scenes/help.test.ts. */
import { vi } from 'vitest'
import { runCommand } from '../../src/commands/command-line.js'
import type { Ended } from './command-line.js'

/** Runs `glasskey …` without a process of its own, which costs more than most refusals. One at a time. */
export async function here(args: readonly string[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += String(chunk)
      return true
    }),
  )
  const before = process.exitCode
  try {
    await runCommand(args)
    return { code: Number(process.exitCode), ...said }
  } finally {
    process.exitCode = before
    for (const spy of spies) spy.mockRestore()
  }
}
