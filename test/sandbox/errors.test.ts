import { request } from 'node:http';
import { expect, test } from 'vitest';
import { jobsPath, openSandbox, syncJobsPath } from './open-sandbox.ts';

const nobody = '3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a99';

test('a call without credentials is answered 401, whatever it asks', async () => {
  const { url, errorOf } = await openSandbox();
  for (const path of [
    jobsPath,
    `${jobsPath}/query`,
    `${jobsPath}/${nobody}`,
    `${jobsPath}/${nobody}/logs`,
    syncJobsPath,
  ]) {
    const response = await fetch(url + path);
    expect(await errorOf(response)).toMatchObject({
      status: 401,
      applicationError: { code: 'UNAUTHENTICATED' },
    });
    expect(response.headers.get('x-wix-request-id')).toBeTruthy();
  }
});

test('any credentials and any site will do', async () => {
  const { url } = await openSandbox();
  const answers = await Promise.all(
    [{ authorization: 'k' }, { authorization: 'Bearer t', 'wix-site-id': nobody }].map(async (headers) =>
      (await fetch(url + jobsPath, { headers })).text(),
    ),
  );
  expect(answers[0]).toBe(answers[1]);
});

test('an unknown job is answered 404 and named', async () => {
  const { get, errorOf } = await openSandbox();
  for (const path of [`${jobsPath}/${nobody}`, `${jobsPath}/${nobody}/logs`]) {
    expect(await errorOf(await get(path))).toEqual({
      status: 404,
      message: 'No such job on this site.',
      applicationError: {
        code: 'NOT_FOUND',
        description: 'No such job on this site.',
        data: { jobId: nobody },
      },
    });
  }
});

test('an unknown schedule is answered 404', async () => {
  const { get, errorOf } = await openSandbox();
  expect(await errorOf(await get(`${syncJobsPath}/${nobody}`))).toMatchObject({
    status: 404,
    applicationError: { code: 'NOT_FOUND', data: { syncJobId: nobody } },
  });
});

test('an id that is no GUID is answered 400', async () => {
  const { get, errorOf } = await openSandbox();
  expect(await errorOf(await get(`${jobsPath}/42`))).toMatchObject({
    status: 400,
    validationError: { fieldViolations: [{ field: 'jobId', violatedRule: 'FORMAT' }] },
  });
});

test.each(['/', '//', '/data-mover', '/v1/jobs', `${jobsPath}/${nobody}/steps`])(
  '%s is no route: 404',
  async (path) => {
    const { get, errorOf } = await openSandbox();
    expect(await errorOf(await get(path))).toMatchObject({
      status: 404,
      applicationError: { code: 'NOT_FOUND' },
    });
  },
);

test.each([
  ['DELETE', `${jobsPath}/${nobody}`, 'GET'],
  ['PUT', `${jobsPath}/query`, 'GET, POST'],
  ['GET', `${jobsPath}/list`, 'POST'],
  ['POST', syncJobsPath, 'GET'],
])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
  const { url, errorOf } = await openSandbox();
  const response = await fetch(url + path, { method, headers: { authorization: 'x' } });
  expect(response.headers.get('allow')).toBe(allow);
  expect((await errorOf(response)).status).toBe(405);
});

test.each([
  ['no JSON', '{"query":'],
  ['no object', '[]'],
])('a body that is %s is answered 400', async (_, body) => {
  const { post, errorOf } = await openSandbox();
  expect(await errorOf(await post(`${jobsPath}/query`, body))).toMatchObject({
    status: 400,
    applicationError: { code: 'INVALID_ARGUMENT' },
  });
});

test('a packed request that cannot be read is answered 400', async () => {
  const { get, errorOf } = await openSandbox();
  expect((await errorOf(await get(`${jobsPath}?.r=%00%ff`))).status).toBe(400);
});

test('a query that is no object is answered 400', async () => {
  const { refusal } = await openSandbox();
  expect(await refusal('all')).toMatchObject({
    status: 400,
    validationError: { fieldViolations: [{ field: 'query' }] },
  });
});

test('a body over a mebibyte is answered 413, and the next call as usual', async () => {
  const { post, errorOf, query } = await openSandbox();
  expect((await errorOf(await post(`${jobsPath}/query`, 'x'.repeat(1024 * 1024 + 1)))).status).toBe(413);
  expect((await query({})).jobs).toHaveLength(50);
});

test('a client that breaks off its body does no harm', async () => {
  const { url, query } = await openSandbox();
  const headers = { authorization: 'x', 'content-length': '1000' };
  const broken = request(`${url}${jobsPath}/query`, { method: 'POST', headers });
  const closed = new Promise((resolve) => broken.on('error', () => undefined).on('close', resolve));
  broken.write('{"query"', () => broken.destroy());
  await closed;
  expect((await query({})).jobs).toHaveLength(50);
});

test.each(['fields=EVERYTHING', 'fields=NEXT_SCHEDULE_EXECUTION&fields=NEXT_SCHEDULE_EXECUTION'])(
  'schedules cannot be asked for with %s',
  async (parameters) => {
    const { get, errorOf } = await openSandbox();
    expect(await errorOf(await get(`${syncJobsPath}?${parameters}`))).toMatchObject({
      status: 400,
      validationError: { fieldViolations: [{ field: 'fields' }] },
    });
  },
);
