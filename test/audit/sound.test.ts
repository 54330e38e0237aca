import { expect, test } from 'vitest'
import { anchorsMissed } from '../../src/audit/sound.js'
import type { FiledSession } from '../../src/audit/dossier.js'
import { GlasskeyError } from '../../src/errors.js'
import { readLogbook } from '../../src/record/logbook.js'
import { vectorText } from '../vectors/frozen.js'

test('every control asks for every session whether the logbook was shortened: the warrants are looked at once', () => {
  let looks = 0
  const session = {
    id: 's',
    lost: false,
    get warrant() {
      looks += 1
      return { read: false, error: new GlasskeyError('FILE_MISSING', 'x') }
    },
  } as unknown as FiledSession
  const logbook = readLogbook(vectorText('custody/logbook.jsonl'))
  const sessions = [session]
  for (let time = 0; time < 3; time += 1) expect(anchorsMissed(logbook, { sessions })).toEqual([])
  expect(looks).toBe(1)
  // Another logbook, or other sessions, are looked at anew.
  anchorsMissed(readLogbook(vectorText('custody/logbook.jsonl')), { sessions })
  anchorsMissed(logbook, { sessions: [...sessions] })
  expect(looks).toBe(3)
})
