import type { IncomingMessage } from 'node:http';
import { malformed, tooLarge } from './failure.ts';

/** What is past the limit is read but not kept: answering sooner would reset a client that still writes. */
export const readBytes = async (message: IncomingMessage, limit: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    throw malformed('The body broke off.');
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks);
};

const jsonLimit = 1024 * 1024;

export const readText = async (message: IncomingMessage): Promise<string> =>
  (await readBytes(message, jsonLimit)).toString('utf8');
