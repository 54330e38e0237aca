/** Commands in what people read: what they copy word for word has to run where they are. */
import { shellWord } from '../host/terminal.js'

/** `glasskey resume --session …` with the folder that it is for. What finds out that it is needed does not know where the folder lies. */
export function inFolder(words: string, folder: string): string {
  return words.replace(/\bglasskey resume(?= --session )/g, () => `glasskey resume --custody ${shellWord(folder)}`)
}
