import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCodeOf, type Refusal } from '../access/admission.ts';

/** Any refusal of the front, or one with what a GraphQL error says beside its message: its code is of the status by default. */
export interface UpgradeRefusal extends Pick<Refusal, 'status' | 'message'> {
  readonly code?: string;
  readonly retryAfterMs?: number | null;
}

/** Answers an upgrade that is not to be, and ends its connection. */
export const refuseUpgrade = (stream: Duplex, refusal: UpgradeRefusal): void => {
  const { status, message, code = errorCodeOf(refusal), retryAfterMs = null } = refusal;
  const extensions = { code, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
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
