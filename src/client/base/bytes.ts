/**
 * Length in UTF-8. Throws `URIError` for half a surrogate pair, which UTF-8 cannot express. Not by
 * `TextEncoder`, which jsdom lacks.
 */
export function bytesOf(text: string): number {
  return encodeURI(text).replace(/%../g, '.').length;
}
