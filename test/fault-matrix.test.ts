import { describe, expect, it } from 'vitest';
import { meet, purposes } from './support/meet-fault.ts';

const canary = 'CANARY-93ae';

interface Body {
  readonly text: string | Buffer;
  /** Says in JSON what is wrong, by a code of its own. */
  readonly namesCode?: true;
  readonly isEmpty?: true;
  readonly isJson?: true;
}

const bodies: Readonly<Record<string, Body>> = {
  empty: { text: '', isEmpty: true },
  'a JSON error': {
    text: JSON.stringify({
      message: canary,
      details: { applicationError: { code: 'SOME_CODE', description: 'Some reason.' } },
    }),
    namesCode: true,
    isJson: true,
  },
  HTML: { text: `<html><body>${canary}</body></html>` },
  'cut-off JSON': { text: `{"jobs": [{"id": "${canary}` },
  huge: { text: Buffer.alloc(16 * 1024 * 1024 + 1, canary) },
  'of the wrong types': {
    text: JSON.stringify({ jobs: canary, job: [canary], details: canary, message: { canary } }),
    isJson: true,
  },
};

interface Meaning {
  readonly status: number;
  /** How a status is called whose body names no code. */
  readonly name: string;
  readonly code: (body: Body) => string;
  /** Where the job may or may not have been made, what a submit says instead. */
  readonly mayHaveHappened: (body: Body) => boolean;
  /** How often a read is sent. */
  readonly attempts: (body: Body) => number;
}

const always =
  <Value>(value: Value) =>
  () =>
    value;

const meaning = (
  status: number,
  name: string,
  code: Meaning['code'],
  {
    attempts = always(1),
    mayHaveHappened = always(false),
  }: Partial<Pick<Meaning, 'attempts' | 'mayHaveHappened'>> = {},
): Meaning => ({ status, name, code, attempts, mayHaveHappened });

const rejected = always('UPSTREAM_REJECTED');
const unavailable = always('UPSTREAM_UNAVAILABLE');
const unknown = { mayHaveHappened: always(true) };
const transient = { ...unknown, attempts: always(3) };

const meanings: readonly Meaning[] = [
  meaning(200, 'OK', always('UPSTREAM_INVALID_RESPONSE'), unknown),
  meaning(400, 'BAD_REQUEST', rejected),
  meaning(401, 'UNAUTHORIZED', always('UNAUTHENTICATED')),
  meaning(403, 'FORBIDDEN', always('FORBIDDEN')),
  // a page that is not the API's
  meaning(
    404,
    'NOT_FOUND',
    ({ isJson, isEmpty }) => (isJson || isEmpty ? 'UPSTREAM_REJECTED' : 'UPSTREAM_INVALID_RESPONSE'),
    { mayHaveHappened: ({ isJson, isEmpty }) => !isJson && !isEmpty },
  ),
  // of two waits of 5 s only one fits the deadline
  meaning(429, 'TOO_MANY_REQUESTS', always('RATE_LIMITED'), { attempts: always(2) }),
  meaning(500, 'INTERNAL_SERVER_ERROR', unavailable, {
    ...unknown,
    attempts: ({ isEmpty }) => (isEmpty ? 3 : 1),
  }),
  meaning(502, 'BAD_GATEWAY', unavailable, transient),
  meaning(503, 'SERVICE_UNAVAILABLE', unavailable, transient),
  meaning(504, 'GATEWAY_TIMEOUT', always('UPSTREAM_TIMEOUT'), transient),
];

describe('upstream answers each status with each body', () => {
  it.each(meanings)('$status $name', async ({ status, name, code, attempts, mayHaveHappened }) => {
    const cases = Object.entries(bodies).flatMap(([kind, body]) =>
      purposes.map((purpose) => ({ kind, body, purpose })),
    );
    await Promise.all(
      cases.map(async ({ kind, body, purpose }) => {
        const outcome = await meet(purpose, () => ({
          status,
          text: body.text,
          headers: { 'x-wix-request-id': 'request-77' },
        }));
        const what = `${purpose}, ${kind}`;
        const isUnknown = purpose === 'write' && mayHaveHappened(body);
        expect(outcome.code, what).toBe(isUnknown ? 'OUTCOME_UNKNOWN' : code(body));
        expect(outcome.attempts, what).toBe(purpose === 'read' ? attempts(body) : 1);
        const isUserError = purpose === 'write' && outcome.code === 'UPSTREAM_REJECTED';
        expect(outcome.upstream, what).toEqual(
          isUserError
            ? undefined
            : {
                status,
                requestId: 'request-77',
                ...(body.namesCode && status !== 200
                  ? { code: 'SOME_CODE' }
                  : { code: name, codeDerived: true }),
              },
        );
        expect(outcome.told, what).not.toContain(canary);
      }),
    );
  });
});
