import type { IncomingMessage } from 'node:http';
import type { Clock } from '../domain/clock.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly withinMs: number;
}

/** The body as it came; null when it is too long, takes too long, or breaks off. */
export const receiveBody = (
  request: IncomingMessage,
  { maxBytes, withinMs }: BodyLimits,
  clock: Clock,
): Promise<string | null> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (body: string | null) => {
      cancel();
      request.off('data', take).off('end', end).off('close', giveUp);
      resolve(body);
    };
    const giveUp = () => settle(null);
    const end = () => settle(Buffer.concat(chunks).toString('latin1'));
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) giveUp();
      else chunks.push(chunk);
    };
    const cancel = clock.after(withinMs, giveUp);
    request.on('error', giveUp);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) giveUp();
    else request.on('data', take).once('end', end).once('close', giveUp);
  });
