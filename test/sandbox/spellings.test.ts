import { expect, test } from 'vitest';
import { jobsPath, openSandbox, syncJobsPath } from './open-sandbox.ts';

const packed = (request: unknown): string =>
  `.r=${Buffer.from(JSON.stringify(request)).toString('base64url')}`;

const textOf = async (response: Promise<Response>): Promise<string> => (await response).text();

test('a list answers alike whether asked by dotted keys, by .r or by POST', async () => {
  const { get, post } = await openSandbox();
  const request = { paging: { limit: 7 } };
  const dotted = await textOf(get(`${jobsPath}?paging.limit=7`));
  expect(JSON.parse(dotted).jobs).toHaveLength(7);
  expect(await textOf(get(`${jobsPath}?${packed(request)}`))).toBe(dotted);
  expect(await textOf(post(`${jobsPath}/list`, request))).toBe(dotted);

  const cursor = JSON.parse(dotted).pagingMetadata.cursors.next;
  const second = await textOf(get(`${jobsPath}?paging.limit=7&paging.cursor=${cursor}`));
  expect(second).not.toBe(dotted);
  expect(await textOf(post(`${jobsPath}/list`, { paging: { limit: 7, cursor } }))).toBe(second);
});

test('a query answers alike in all three spellings', async () => {
  const { get, post } = await openSandbox();
  const query = {
    filter: {
      status: { $in: ['COMPLETED', 'FAILED'] },
      name: { $startsWith: 'imp' },
      finishedAt: { $exists: true },
    },
    sort: [{ fieldName: 'startedAt', order: 'DESC' }],
    cursorPaging: { limit: 3 },
  };
  const posted = await textOf(post(`${jobsPath}/query`, { query }));
  expect(JSON.parse(posted).jobs).toHaveLength(3);
  expect(await textOf(get(`${jobsPath}/query?${packed({ query })}`))).toBe(posted);
  const dotted = [
    'query.filter.status.$in=COMPLETED&query.filter.status.$in=FAILED',
    'query.filter.name.$startsWith=imp',
    'query.filter.finishedAt.$exists=true',
    'query.sort.fieldName=startedAt&query.sort.order=DESC',
    'query.cursorPaging.limit=3',
  ].join('&');
  expect(await textOf(get(`${jobsPath}/query?${dotted}`))).toBe(posted);
});

test('a list of one keeps its meaning in dotted keys, where it looks like a single value', async () => {
  const { get, query } = await openSandbox();
  const dotted = await (await get(`${jobsPath}/query?query.filter.status.$in=FAILED`)).json();
  expect(dotted).toMatchObject({
    pagingMetadata: (await query({ filter: { status: 'FAILED' } })).pagingMetadata,
  });
});

test('reads that repeat their path parameter in the address are understood', async () => {
  const { get } = await openSandbox();
  const { id } = JSON.parse(await textOf(get(`${jobsPath}?paging.limit=1`))).jobs[0];
  expect(await textOf(get(`${jobsPath}/${id}?jobId=${id}`))).toBe(await textOf(get(`${jobsPath}/${id}`)));
});

test('the schedules are listed with fields given dotted or packed', async () => {
  const { get } = await openSandbox();
  const dotted = await textOf(get(`${syncJobsPath}?fields=NEXT_SCHEDULE_EXECUTION`));
  expect(dotted).toContain('nextExecutionDate');
  expect(await textOf(get(`${syncJobsPath}?${packed({ fields: ['NEXT_SCHEDULE_EXECUTION'] })}`))).toBe(
    dotted,
  );
});

test('a body that is missing is an empty request', async () => {
  const { url, post } = await openSandbox();
  const response = await fetch(`${url}${jobsPath}/query`, {
    method: 'POST',
    headers: { authorization: 'x' },
  });
  expect(await response.text()).toBe(await textOf(post(`${jobsPath}/query`, {})));
});

test('answers are JSON, name their request and keep the connection', async () => {
  const { get } = await openSandbox();
  const first = await get(jobsPath);
  const second = await get(`${jobsPath}/unknown`);
  expect(first.headers.get('content-type')).toBe('application/json');
  expect(first.headers.get('connection')).toBe('keep-alive');
  expect(first.headers.get('x-wix-request-id')).toMatch(/^\d+\.1$/);
  expect(second.headers.get('x-wix-request-id')).toMatch(/^\d+\.2$/);
});
