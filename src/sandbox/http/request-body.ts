import type { IncomingMessage } from 'node:http';
import { malformed, tooLarge } from './failure.ts';

const limit = 1024 * 1024;

/** What is past the limit is read but not kept: answering sooner would reset a client that still writes. */
export const readBody = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    }
  } catch {
    throw malformed('The body broke off.');
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks).toString('utf8');
};
