/** The camera: asked for once, as sharp as it can be, and its troubles in words. */
import { cameraTrouble, CAMERA_ENDED } from './words.js'

/** Starts a camera, the named one or the browser's choice, and shows it. Throws an Error whose message is for people. */
export async function startCamera(picture: HTMLVideoElement, id: string, onEnd: (trouble: string) => void): Promise<void> {
  stopCamera(picture)
  let stream: MediaStream
  try {
    const choice: MediaTrackConstraints = id === '' ? { facingMode: 'environment' } : { deviceId: { exact: id } }
    stream = await navigator.mediaDevices.getUserMedia({ video: { ...choice, width: { ideal: 1920 }, height: { ideal: 1080 } }, audio: false })
  } catch (error) {
    throw new Error(cameraTrouble(error), { cause: error })
  }
  stream.getVideoTracks()[0]?.addEventListener('ended', () => {
    onEnd(CAMERA_ENDED)
  })
  picture.srcObject = stream
  await picture.play()
}

/** Lets go of it: its light goes out. */
export function stopCamera(picture: HTMLVideoElement): void {
  for (const track of picture.srcObject instanceof MediaStream ? picture.srcObject.getTracks() : []) track.stop()
  picture.srcObject = null
}

/** Cameras to choose from; they have names only after one was allowed. */
export async function listCameras(): Promise<{ id: string; name: string }[]> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId, label }, at) => ({ id: deviceId, name: label || `Camera ${at + 1}` }))
}
