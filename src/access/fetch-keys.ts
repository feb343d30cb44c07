import type { JSONWebKeySet } from 'jose';
import { request } from 'undici';
import type { Clock } from '../domain/clock.ts';
import { parseJson } from '../domain/json.ts';

const timeoutMs = 5000;
/** A hundred keys of the longest kind. */
const maxBytes = 128 * 1024;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One key that is none must not take the others away; what cannot be used is to be ignored (RFC 7517, section 5). */
const keySetOf = (value: unknown): JSONWebKeySet => {
  if (!isObject(value) || !('keys' in value) || !Array.isArray(value.keys)) {
    throw new Error('The answer is no key set.');
  }
  return { keys: value.keys.filter(isObject) };
};

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
  return keySetOf(parseJson(Buffer.concat(chunks).toString()));
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
