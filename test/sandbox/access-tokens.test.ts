import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { errorBody, jobsPath, startOfTest } from './open-sandbox.ts';

const demo = {
  grant_type: 'client_credentials',
  client_id: 'sandbox-app',
  client_secret: 'sandbox-secret',
  instance_id: 'instance-1',
};
const grantBody = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
});

const open = async (tokenSeconds?: number) => {
  const time = { now: startOfTest };
  const sandbox = await startSandbox({
    now: () => time.now,
    ...(tokenSeconds === undefined ? {} : { tokenSeconds }),
  });
  onTestFinished(() => sandbox.close());
  const ask = (body: object) =>
    fetch(`${sandbox.url}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return {
    ...sandbox,
    time,
    ask,
    grant: async (more: object = {}) => grantBody.parse(await (await ask({ ...demo, ...more })).json()),
    jobs: (authorization: string, more: Record<string, string> = {}) =>
      fetch(sandbox.url + jobsPath, { headers: { authorization, ...more } }),
    submit: (headers: Record<string, string>) =>
      fetch(sandbox.url + jobsPath, {
        method: 'POST',
        headers,
        body: JSON.stringify({
          name: 'mine',
          source: { wixDataCollection: { collectionId: 'products' } },
          destination: { file: { format: 'CSV' } },
        }),
      }),
    /** How many jobs of that name a caller sees. */
    mine: async (headers: Record<string, string>) => {
      const response = await fetch(`${sandbox.url}${jobsPath}/query`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query: { filter: { name: 'mine' } } }),
      });
      return z.object({ jobs: z.array(z.unknown()) }).parse(await response.json()).jobs.length;
    },
  };
};

test('the demo app gets a token for four hours without any credential, and it is counted', async () => {
  const { ask, calls } = await open();
  const response = await ask(demo);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(grantBody.parse(await response.json()).expires_in).toBe(14_400);
  expect(calls.toJSON()).toEqual({ total: 1, byOperation: { CreateAccessToken: 1 } });
});

test('a token is accepted bare and as Bearer until its time is over, and so are other credentials', async () => {
  const { grant, jobs, time } = await open(2);
  const { access_token: token, expires_in: seconds } = await grant();
  expect(seconds).toBe(2);
  time.now += 1999;
  const credentials = [token, `Bearer ${token}`, `bearer ${token}`, 'any', 'Bearer any', 'sandbox-demo'];
  for (const credential of credentials) expect((await jobs(credential)).status).toBe(200);
  time.now += 1;
  const late = await jobs(token);
  expect(late.status).toBe(401);
  expect(errorBody.parse(await late.json())).toMatchObject({
    message: 'The access token has expired.',
    details: { applicationError: { code: 'UNAUTHENTICATED' } },
  });
  expect((await jobs(`Bearer ${token}`)).status).toBe(401);
  expect((await jobs((await grant()).access_token)).status).toBe(200);
  expect((await jobs('any')).status).toBe(200);
});

test('a token that was changed, or is of another sandbox, is not accepted', async () => {
  const { grant, jobs } = await open();
  const { access_token: token } = await grant();
  const [head, payload, signature = ''] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ instanceId: 'x', expiresAt: 9e15 })).toString('base64url');
  const other = (await (await open()).grant()).access_token;
  for (const wrong of [`${head}.${forged}.${signature}`, `${head}.${payload}`, `${head}.`, other]) {
    expect((await jobs(wrong)).status).toBe(401);
  }
});

test('a token is for the site of its instance, whatever the header says', async () => {
  const { grant, submit, mine } = await open();
  const [{ access_token: one }, { access_token: again }, { access_token: other }] = [
    await grant(),
    await grant(),
    await grant({ instance_id: 'instance-2' }),
  ];
  expect((await submit({ authorization: one, 'wix-site-id': 'elsewhere' })).status).toBe(200);
  expect(await mine({ authorization: again })).toBe(1);
  expect(await mine({ authorization: other })).toBe(0);
  expect(await mine({ authorization: 'any', 'wix-site-id': 'elsewhere' })).toBe(0);
});

test.each([
  [{ client_secret: 'wrong' }, 401, 'invalid_client'],
  [{ client_id: 'wrong' }, 401, 'invalid_client'],
  [{ client_secret: undefined }, 401, 'invalid_client'],
  [{ grant_type: 'password' }, 400, 'unsupported_grant_type'],
  [{ grant_type: undefined }, 400, 'invalid_request'],
  [{ instance_id: undefined }, 400, 'invalid_request'],
  [{ instance_id: '' }, 400, 'invalid_request'],
  [{ instance_id: 7 }, 400, 'invalid_request'],
  [{ instance_id: 'x'.repeat(257) }, 400, 'invalid_request'],
])('%j is refused as OAuth has it', async (wrong, status, error) => {
  const { ask } = await open();
  const response = await ask({ ...demo, ...wrong });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error, error_description: expect.any(String) });
});
