/** Lines of text from a process that is not trusted: bounded, and never half of one. */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Characters of one line: the longest text of a code, and the names around it. */
const LONGEST_LINE = 64 * 1024

/** Lines as they come, without their ends. Throws a RangeError for one that is too long, and what the stream throws. */
export async function* boundedLines(output: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let waiting = ''
  for await (const chunk of output as AsyncIterable<Buffer>) {
    const pieces = (waiting + decoder.write(chunk)).split('\n')
    waiting = pieces.pop() ?? ''
    yield* pieces
    if (waiting.length > LONGEST_LINE) throw new RangeError('a line is too long')
  }
}
