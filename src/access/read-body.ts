import type { IncomingMessage } from 'node:http';

const decoder = new TextDecoder();

const textOf = (chunks: readonly Uint8Array[]): string => {
  const [first] = chunks;
  return decoder.decode(chunks.length === 1 ? first : Buffer.concat(chunks));
};

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
  return textOf(read);
};

/** The same of a node request, which outlives who stops reading: it has yet to be answered. Fails when it breaks off. */
export const readNodeBody = (request: IncomingMessage, maxBytes: number): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const leave = () => {
      request.off('data', take).off('end', end).off('close', fail).off('error', fail);
    };
    const take = (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) return chunks.push(chunk);
      leave();
      request.pause();
      return resolve(null);
    };
    const end = () => {
      leave();
      resolve(textOf(chunks));
    };
    const fail = () => {
      leave();
      reject(new Error('The request ended before its body did.'));
    };
    // who has left before would not be heard leaving
    if (request.destroyed) return fail();
    request.on('data', take).on('end', end).on('close', fail).on('error', fail);
  });
