/** Commands in what people read: what they copy word for word has to run where they are. */
import { shellWord } from './terminal.js'

/** What `status` says is next, as people can type it; with `…` where it needs more of them. */
export function nextIn(next: string, folder: string): string {
  if (/^(a ceremony at once, then )?glasskey (takeover|break rotate --drill)$/.test(next)) return `${next} --custody ${shellWord(folder)} …`
  return inFolder(next, folder).replace(/^glasskey logbook add (\w+)(?= --set)/, (command) => `${command} --custody ${shellWord(folder)}`)
}

/** `glasskey resume --session …` and `glasskey break rotate` with the folder that they are for. What finds out that they are needed does not know where the folder lies. */
export function inFolder(words: string, folder: string): string {
  const custody = `--custody ${shellWord(folder)}`
  return words.replace(/\bglasskey resume(?= --session )/g, (command) => `${command} ${custody}`).replace(/\bglasskey break rotate(?=[.;,]?(?:\n|$)|[.;,] )/g, (command) => `${command} ${custody} …`)
}
