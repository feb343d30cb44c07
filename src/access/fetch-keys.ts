import type { JSONWebKeySet } from 'jose';
import { request } from 'undici';
import type { Clock } from '../domain/clock.ts';
import { parseJson } from '../domain/json.ts';

const timeoutMs = 5000;
/** A hundred keys of the longest kind. */
const maxBytes = 128 * 1024;

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' &&
  value !== null &&
  'keys' in value &&
  Array.isArray(value.keys) &&
  value.keys.every((key: unknown) => typeof key === 'object' && key !== null);

const ask = async (url: URL, signal: AbortSignal): Promise<JSONWebKeySet> => {
  const { statusCode, body } = await request(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The key set is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error(`The key set was answered with status ${statusCode}.`);
  const keys = parseJson(Buffer.concat(chunks).toString());
  if (!isKeySet(keys)) throw new Error('The answer is no key set.');
  return keys;
};

/** Asks for a key set (RFC 7517), once. Goes where it was told to and nowhere else: redirects are failures. */
export const fetchKeys = async (url: URL, clock: Clock): Promise<JSONWebKeySet> => {
  const deadline = new AbortController();
  const cancel = clock.after(timeoutMs, () => deadline.abort(new Error('The key set took too long.')));
  try {
    return await ask(url, deadline.signal);
  } finally {
    cancel();
  }
};
