/** The page: live picture, codes outlined, what became of each, and a field for typing. */
import { listCameras, startCamera, stopCamera } from './camera.js'
import type { Found } from './decoder.js'
import { isOurs } from './ours.js'
import { drawOutlines, type Mark } from './outline.js'
import type { Verdict } from './said.js'
import { done, enter, Refusal, show, untilGone } from './server.js'
import { GONE, NO_MORE, stillNeeded } from './words.js'

/** Milliseconds between pictures that are looked at: the rest of the machine has work too. */
const PAUSE = 60

const picture = element('picture', HTMLVideoElement)
const outlines = element('outlines', HTMLCanvasElement)
const stage = element('stage', HTMLElement)
const needed = element('needed', HTMLElement)
const heard = element('heard', HTMLElement)
const trouble = element('trouble', HTMLElement)
const again = element('again', HTMLButtonElement)
const typed = element('typed', HTMLTextAreaElement)
const cameras = element('cameras', HTMLSelectElement)
const mirror = element('mirror', HTMLInputElement)

/** What became of each text that was seen. */
const marks = new Map<string, Mark>()
let over = false

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${id}`)
  return found
}

function say(words: string, tone: Verdict['tone'] = 'plain'): void {
  needed.textContent = words
  needed.dataset['tone'] = tone
}

const HEADS = { good: 'Accepted', plain: 'Noted', alarm: 'Not accepted' } as const

function tell({ tone, words, more }: Verdict, how = ''): void {
  const line = document.createElement('li')
  line.dataset['tone'] = tone
  const head = document.createElement('b')
  head.textContent = `${HEADS[tone]}${how}`
  line.append(head, `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`)
  heard.prepend(line)
  say(stillNeeded(more), more === 0 ? 'good' : tone === 'alarm' ? 'alarm' : 'plain')
  if (more === 0) stop()
}

/** Nothing more is asked of people: the camera's light goes out. */
function stop(words?: string): void {
  over = true
  stopCamera(picture)
  document.body.classList.add('over')
  if (words !== undefined) say(words)
}

async function judge(text: string, how: 'seen' | 'typed'): Promise<boolean> {
  try {
    const verdict = await show(text, how)
    marks.set(text, verdict.tone)
    tell(verdict)
    return verdict.tone !== 'alarm'
  } catch (error) {
    if (!(error instanceof Refusal)) return false
    marks.set(text, 'alarm')
    tell({ tone: 'alarm', words: `${error.message}.`, more: null })
    return false
  }
}

function markOf({ text }: Found): Mark {
  if (text === null) return 'unread'
  const known = marks.get(text)
  if (known) return known
  if (!isOurs(text)) return 'stranger'
  marks.set(text, 'judging')
  void judge(text, 'seen')
  return 'judging'
}

function watch(): void {
  const decoder = new Worker('/decoder.js', { type: 'module' })
  const look = async (): Promise<void> => {
    if (over) return
    if (picture.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && picture.srcObject) {
      const frame = await createImageBitmap(picture)
      decoder.postMessage(frame, [frame])
    } else setTimeout(() => void look(), PAUSE)
  }
  decoder.addEventListener('message', ({ data }: MessageEvent<Found[]>) => {
    if (over) return
    const size = { width: picture.videoWidth, height: picture.videoHeight }
    drawOutlines(outlines, size, data.map((found) => ({ corners: found.corners, mark: markOf(found) })), mirror.checked)
    setTimeout(() => void look(), PAUSE)
  })
  decoder.addEventListener('error', () => {
    inTrouble('Codes cannot be decoded in this browser. Type the share.')
  })
  void look()
}

function inTrouble(words: string | null): void {
  trouble.hidden = words === null
  trouble.textContent = words
  again.hidden = words === null
}

async function open(id = ''): Promise<void> {
  inTrouble(null)
  try {
    await startCamera(picture, id, inTrouble)
    const found = await listCameras()
    const chosen = picture.srcObject instanceof MediaStream ? picture.srcObject.getVideoTracks()[0]?.getSettings().deviceId : ''
    cameras.replaceChildren(...found.map((camera) => new Option(camera.name, camera.id, false, camera.id === chosen)))
    element('which', HTMLElement).hidden = found.length < 2
  } catch (error) {
    inTrouble(error instanceof Error ? error.message : String(error))
    typed.focus()
  }
}

function listen(): void {
  again.addEventListener('click', () => void open())
  cameras.addEventListener('change', () => void open(cameras.value))
  mirror.addEventListener('change', () => stage.classList.toggle('mirrored', mirror.checked))
  element('done', HTMLElement).addEventListener('click', () => {
    stop(NO_MORE)
    void done()
  })
  const form = element('typing', HTMLFormElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (typed.value.trim() === '') return
    void judge(typed.value, 'typed').then((right) => {
      // What was wrong stays, to be compared with the paper.
      if (right) typed.value = ''
      typed.focus()
    })
  })
  typed.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    form.requestSubmit()
  })
}

async function begin(): Promise<void> {
  let verdicts: Verdict[]
  try {
    verdicts = await enter()
  } catch (error) {
    stop()
    say(error instanceof Refusal ? `Refused: ${error.message}.` : GONE, 'alarm')
    return
  }
  void untilGone().then(() => {
    if (!over) stop(GONE)
  })
  listen()
  for (const verdict of verdicts) tell(verdict)
  await open()
  watch()
}

await begin()
