/** The sizes of type on a page, from one body size. */

import { INK, type Type } from './canvas.js'

/** Every voice of a page. */
export interface TypeScale {
  /** 1 for the usual size. */
  readonly factor: number
  readonly body: Type
  readonly small: Type
  readonly label: Type
  readonly title: Type
  readonly heading: Type
  readonly side: Type
  readonly typing: Type
}

/** @param factor 1 for the usual size; less where a document must fit its pages. */
export function typeScale(factor: number): TypeScale {
  const type = (face: Type['face'], size: number, leading: number, ink: string = INK.black): Type =>
    ({ face, size: size * factor, leading: leading * factor, ink })
  return {
    factor,
    body: type('regular', 9.6, 13.8),
    small: type('regular', 8, 11, INK.grey),
    label: type('regular', 8.6, 13.8, INK.grey),
    title: type('bold', 22, 27),
    heading: type('bold', 12.5, 17),
    side: type('bold', 9.6, 13.8),
    typing: type('code', 13, 21),
  }
}
