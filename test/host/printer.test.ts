/** What CUPS answers, by stand-ins for its programs that say what the real ones (2.4.2) said. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetJob, NotKnownTaken, printPdf, queuePdf } from '../../src/host/printer.js'
import { refusalOf } from '../vectors/refusal.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-cups-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

function stand(program: 'lp' | 'lpstat' | 'cancel', script: string): void {
  writeFileSync(join(directory, program), `#!/bin/sh\n${script}\n`)
  chmodSync(join(directory, program), 0o755)
}

const print = (patienceMs = 10_000): Promise<void> => printPdf(new TextEncoder().encode('%PDF-x'), 'paper', 'entry 1', { path: `${directory}:/usr/bin:/bin`, patienceMs })

test('the PDF goes to lp as it is, under its title', async () => {
  stand('lp', `cat > ${directory}/got; echo "$@" > ${directory}/words; echo "request id is paper-1 (1 file(s))"`)
  stand('lpstat', 'echo "printer paper is idle.  enabled since Fri Nov 20 13:42:27 2026"')
  await print()
  expect(readFileSync(join(directory, 'got'), 'utf8')).toBe('%PDF-x')
  expect(readFileSync(join(directory, 'words'), 'utf8')).toBe('-d paper -t entry 1 -- -\n')
})

test('no such printer: in the words of lp, and how to get the PDF', async () => {
  stand('lp', 'echo "lp: Error - The printer or class does not exist." >&2; exit 1')
  expect(await refusalOf(() => print())).toMatchObject({
    code: 'PRINTER_FAILED',
    message: 'printer paper did not take "entry 1": lp: Error - The printer or class does not exist.',
    hint: 'Print the PDF by hand. glasskey logbook print NUMBER --out FILE makes the one of an entry again.',
  })
})

test('a stopped printer takes the job and prints nothing: that is said', async () => {
  stand('lp', 'cat > /dev/null; echo "request id is paper-2 (1 file(s))"')
  stand('lpstat', 'echo "printer paper disabled since Fri Nov 20 13:42:37 2026 -"; echo "	Paused"')
  expect(await refusalOf(() => print())).toMatchObject({ message: 'printer paper is stopped; "entry 1" waits in its queue', hint: 'cupsenable paper starts it again.' })
})

test('a print server that does not answer is not waited for', async () => {
  stand('lp', 'exec sleep 60')
  const started = performance.now()
  const refusal = await refusalOf(() => print(300))
  expect(refusal).toBeInstanceOf(NotKnownTaken)
  expect(refusal).toMatchObject({ message: 'printer paper may have taken "entry 1", or not: lp did not end within 0.3 s', hint: expect.stringMatching(/^lpstat -o paper shows what waits there\. /) as string })
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('an lp that Ctrl-C ended is not called slow; whether CUPS has the job is not known either', async () => {
  stand('lp', 'kill -INT $$; exec sleep 60')
  expect(await refusalOf(() => print())).toMatchObject({ code: 'PRINTER_FAILED', message: 'printer paper may have taken "entry 1", or not: lp was ended by SIGINT' })
})

test('what CUPS keeps of our jobs is taken out, and of no other; or it is said to be there', async () => {
  const spooler = { path: `${directory}:/usr/bin:/bin`, patienceMs: 10_000 }
  stand('lp', 'cat > /dev/null; echo "request id is paper-17 (1 file(s))"')
  expect(await queuePdf(new Uint8Array(), 'paper', 'a sheet', spooler)).toBe('paper-17')
  stand('lp', 'cat > /dev/null; echo "in other words"')
  expect(await queuePdf(new Uint8Array(), 'paper', 'a sheet', spooler)).toBeNull()
  const forget = (): Promise<void> => forgetJob('paper-17', 'paper', spooler)
  stand('cancel', `echo "$@" > ${directory}/words`)
  await forget()
  expect(readFileSync(join(directory, 'words'), 'utf8')).toBe('-x paper-17\n')
  stand('cancel', 'echo "cancel: Job #17 does not exist." >&2; exit 1')
  await forget()
  stand('cancel', 'echo "cancel: cancel-job failed: Forbidden" >&2; exit 1')
  expect(await refusalOf(forget)).toMatchObject({ code: 'PRINTER_FAILED', message: 'printer paper may keep what it printed: cancel: cancel-job failed: Forbidden', hint: 'As its administrator: cancel -a -x paper; /var/spool/cups is where it would lie.' })
})
