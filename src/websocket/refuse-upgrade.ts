import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly code?: string;
  readonly retryAfterMs?: number | null;
}

/** Answers an upgrade that is not to be, and ends its connection. */
export const refuseUpgrade = (
  stream: Duplex,
  { status, message, code, retryAfterMs = null }: Refusal,
): void => {
  const extensions = code === undefined ? {} : { code, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  const body = JSON.stringify({ errors: [{ message, extensions }] });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === null ? [] : [`Retry-After: ${Math.ceil(retryAfterMs / 1000)}`]),
  ];
  // after an upgrade nobody else closes what its client keeps open
  stream.once('finish', () => stream.destroy());
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
