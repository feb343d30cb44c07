import { expect } from 'vitest';
import { jobRow, type Row } from './rows.ts';
import type { Reply, UpstreamCall } from './scripted-upstream.ts';

const canary = 'CANARY';
/** Must come out nowhere. */
export const secret = (name: string) => `${canary}-${name}-0123456789`;
/** What a caller says: it may come back to that caller, but is nobody else's business. */
export const own = 'PRIVATE';
/** Why upstream refuses a write: for whoever wrote, and for nobody else. */
export const reason = 'REASON';

/** Two addresses that are credentials, and belong into the fields that ask for them. */
export const uploadUrl = `https://files.test/put?token=${secret('upload')}`;
export const downloadUrl = `https://files.test/get?token=${secret('download')}`;

/** Something that upstream answers instead of what it should. */
export type Fault = (call: UpstreamCall) => Reply;

const headers = {
  'set-cookie': `session=${secret('cookie')}`,
  'www-authenticate': `Bearer realm="${secret('realm')}"`,
  location: `/${secret('location')}`,
  'retry-after': secret('retry'),
  server: secret('server'),
};

const refusal = (description: string): Row => ({
  message: secret('message'),
  error_description: secret('error'),
  details: {
    applicationError: { code: secret('code'), description, data: { of: secret('data') } },
    [secret('key')]: true,
  },
});

const saying =
  (status: number, json: Row = refusal(reason)): Fault =>
  () => ({ status, headers, json });

/** Says again what it was asked with, where a reason is looked for. */
const echo = ({ headers: { authorization }, body }: UpstreamCall): Row =>
  refusal(`not for ${authorization} ${body?.client_secret}`);

const always =
  (reply: Reply): Fault =>
  () =>
    reply;

/** Bytes that are no HTTP, and then some that are no JSON. */
const raw = (text: string): Fault => always(({ socket }) => void socket?.end(text));

/** An upstream that is there and says no, or something strange. */
export const answers: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries([400, 401, 403, 404, 409, 418, 501, 301].map((status) => [status, saying(status)])),
  'with the credential': (call) => ({ status: 400, headers, json: echo(call) }),
  'with the credential in other letters': (call) => ({
    status: 400,
    headers,
    text: JSON.stringify(echo(call)).replaceAll(canary, '\\u0043ANARY'),
  }),
  'with violations': saying(400, {
    message: secret('message'),
    details: {
      validationError: {
        fieldViolations: [{ field: 'name', description: reason, data: { of: secret('violation') } }],
      },
    },
  }),
  429: always({ status: 429, headers: { ...headers, 'retry-after': '0' }, json: refusal(reason) }),
  'a page that is not there': always({ status: 404, headers, text: `<h1>${secret('page')}</h1>` }),
  'no JSON': always({ headers, text: `{"job": ${secret('text')}` }),
  'another shape': always({
    headers,
    json: { [secret('field')]: secret('value'), job: { id: 7, name: [secret('name')] } },
  }),
  'rows that cannot be read': always({
    headers,
    json: {
      job: { ...jobRow(0), startedAt: secret('date'), logsRecorded: secret('count') },
      jobs: [
        { ...jobRow(0), startedAt: secret('date'), status: { [secret('status')]: 1 } },
        { ...jobRow(1), progress: { current: secret('current'), total: secret('total') } },
      ],
      movementLogs: [secret('log')],
      logs: [secret('log')],
      uploadUrl: [secret('upload')],
      pagingMetadata: { cursors: { next: 7 }, hasNext: secret('next') },
      syncJob: { id: 7, name: [secret('schedule')] },
      syncJobs: [secret('schedule')],
      [secret('more')]: 1,
    },
  }),
};

/** An upstream that is out, or is no HTTP server at all. */
export const outages: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries([500, 502, 503, 504].map((status) => [status, saying(status)])),
  nothing: always({ status: 500, headers, text: '' }),
  'a page': always({ status: 500, headers, text: `<h1>${secret('page')}</h1>` }),
  'no HTTP': raw(`HTTP/1.1 200 OK\r\n${secret('header')}\r\n\r\n${secret('body')}`),
  'not even a status': raw(`${secret('first bytes')}\r\n\r\n`),
  'a body that breaks off': raw(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"job":"${secret('cut')}`),
  'a length that is wrong': raw(`HTTP/1.1 200 OK\r\nContent-Length: ${secret('length')}\r\n\r\n{}`),
  'a connection that breaks': always('reset'),
};

/** An upstream that never comes to an end. */
export const silences: Readonly<Record<string, Fault>> = {
  'no answer': always('hang'),
  'a body without end': always((response) => void response.writeHead(200, headers).write(secret('begun'))),
};

/** After this the gateway leaves upstream alone for a while, as it cannot read for how long it should. */
export const throttled = saying(429);

const linesWith = (text: string, word: string) => text.split('\n').filter((line) => line.includes(word));
/** Also as part of what only looks unreadable, wherever it stands there. */
const canaries = [
  canary,
  ...[0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + canary)
      .toString('base64')
      .slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + canary.length) * 8) / 6)),
  ),
];

/** What callers are told, but for two addresses in the fields of theirs. */
export const expectToldNothing = (heard: readonly string[], spoken: readonly string[]) => {
  const told = heard
    .join('\n')
    .replaceAll(`"uploadUrl":"${uploadUrl}"`, '')
    .replaceAll(`"url":"${downloadUrl}"`, '');
  for (const word of [...canaries, ...spoken]) expect(linesWith(told, word)).toEqual([]);
};

/** What is kept or sent elsewhere: logs, metrics, spans. */
export const expectKeptNothing = (kept: string, spoken: readonly string[]) => {
  for (const word of [...canaries, own, reason, ...spoken]) expect(linesWith(kept, word)).toEqual([]);
};
