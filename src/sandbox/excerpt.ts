/**
 * The beginning of a text, copied: a slice would keep the whole text in memory for as long as it is kept itself.
 * The copy is well-formed where the cut goes through a pair of surrogates.
 */
export const excerptOf = (text: string, length: number): string =>
  Buffer.from(text.slice(0, length)).toString();
