/** Every control, in the order of the report. docs/audit-controls.md explains each. */
import type { Control } from './control.js'
import { ACTION_CONTROLS } from './controls/actions.js'
import { CEREMONY_CONTROLS } from './controls/ceremonies.js'
import { CONSENT_CONTROLS } from './controls/consents.js'
import { CUSTODY_CONTROLS } from './controls/custody.js'
import { FOLDER_CONTROLS } from './controls/folder.js'
import { JOURNAL_CONTROLS } from './controls/journals.js'
import { KEY_CONTROLS } from './controls/key-list.js'
import { LOGBOOK_CONTROLS } from './controls/logbook.js'
import { READINESS_CONTROLS } from './controls/readiness.js'
import { REVOCATION_CONTROLS } from './controls/revocation.js'
import { USER_CONTROLS } from './controls/user.js'

/** Controls by theme; the first letter of a code names its theme. */
export const THEMES: readonly { title: string; controls: readonly Control[] }[] = [
  { title: 'Custody folder', controls: [...FOLDER_CONTROLS, ...CEREMONY_CONTROLS, ...CUSTODY_CONTROLS] },
  { title: 'Logbook', controls: LOGBOOK_CONTROLS },
  { title: 'Journals', controls: JOURNAL_CONTROLS },
  { title: 'Consents', controls: CONSENT_CONTROLS },
  { title: 'Actions', controls: ACTION_CONTROLS },
  { title: 'Revocation', controls: REVOCATION_CONTROLS },
  { title: 'Key list in OCI', controls: KEY_CONTROLS },
  { title: 'User in OCI', controls: USER_CONTROLS },
  { title: 'Readiness', controls: READINESS_CONTROLS },
]

/** All controls. */
export const CONTROLS: readonly Control[] = THEMES.flatMap(({ controls }) => controls)
