const decoder = new TextDecoder();

/** A body as text; null when it has more bytes than allowed, and then it is read no further. */
export const readBody = async (
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string | null> => {
  const read: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    read.push(chunk);
  }
  const [first] = read;
  return decoder.decode(read.length === 1 ? first : Buffer.concat(read));
};
