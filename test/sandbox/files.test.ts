import { request } from 'node:http';
import { expect, test } from 'vitest';
import { collection, csv, fast, into, openMover, uploadUrlPath } from './open-mover.ts';
import { createStepClock } from './step-clock.ts';

const minutes = 60_000;
const openAt = async (options: object = {}) => {
  const clock = createStepClock();
  const mover = await openMover({ ...fast, now: clock.now, ...options });
  const address = async (): Promise<{ fileId: string; uploadUrl: string }> =>
    (await mover.post(uploadUrlPath, { fileName: 'a.csv' })).json();
  const put = (url: string, body: BodyInit) => fetch(url, { method: 'PUT', body });
  return { ...mover, clock, address, put };
};

test('an upload address works without credentials, for a quarter of an hour', async () => {
  const { address, put, clock, refusalOf } = await openAt();
  const { uploadUrl } = await address();
  clock.advance(15 * minutes - 1);
  expect((await put(uploadUrl, '_id\n1\n')).status).toBe(200);
  clock.advance(1);
  expect(await refusalOf(await put(uploadUrl, '_id\n2\n'))).toMatchObject({
    status: 403,
    applicationError: { code: 'PERMISSION_DENIED' },
  });
});

test('a file that was uploaded in time can be imported later', async () => {
  const { upload, run, clock } = await openAt();
  const fileId = await upload('_id\n1\n');
  clock.advance(60 * minutes);
  expect(await run({ file: { fileId } }, into('imports'))).toMatchObject({ status: 'COMPLETED' });
});

test('a second upload to the same address replaces the first', async () => {
  const { address, put, run, items } = await openAt();
  const { fileId, uploadUrl } = await address();
  await put(uploadUrl, '_id\nfirst\n');
  await put(uploadUrl, '_id\nsecond\n');
  await run({ file: { fileId } }, into('imports'));
  expect(await items('imports')).toEqual([{ _id: 'second' }]);
});

test('nothing can be put at or got from an address that was not given', async () => {
  const { url, put } = await openAt();
  const key = '3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a99';
  expect((await put(`${url}/_sandbox/uploads/${key}`, 'x')).status).toBe(404);
  expect((await fetch(`${url}/_sandbox/files/${key}/a.csv`)).status).toBe(404);
  expect((await fetch(`${url}/_sandbox/uploads/${key}`)).status).toBe(405);
});

test('a file past the limit is refused with 413, and what was there stays', async () => {
  const { address, put, run, items } = await openAt({ limits: { fileBytes: 20 } });
  const { fileId, uploadUrl } = await address();
  await put(uploadUrl, '_id\nfits\n');
  expect((await put(uploadUrl, 'x'.repeat(21))).status).toBe(413);
  await run({ file: { fileId } }, into('imports'));
  expect(await items('imports')).toEqual([{ _id: 'fits' }]);
});

test('an upload that breaks off stores nothing', async () => {
  const { address, run } = await openAt();
  const { fileId, uploadUrl } = await address();
  const broken = request(uploadUrl, { method: 'PUT', headers: { 'content-length': '1000' } });
  const closed = new Promise((resolve) => broken.on('error', () => undefined).on('close', resolve));
  broken.write('_id\n1', () => broken.destroy());
  await closed;
  expect(await run({ file: { fileId } }, into('imports'))).toMatchObject({ status: 'FAILED' });
});

test('the oldest files go when all together are too many bytes', async () => {
  const { upload, run, fileOf } = await openAt({ limits: { storedBytes: 100 } });
  const fileId = await upload(`_id\n${'x'.repeat(60)}\n`);
  const shops = collection('shops', { filterQuery: { filter: { city: 'Lyon' }, fields: ['city'] } });
  const first = await run(shops, csv);
  expect(await run({ file: { fileId } }, into('imports'))).toMatchObject({ status: 'COMPLETED' });
  await upload('y'.repeat(40));
  expect(await run({ file: { fileId } }, into('imports'))).toMatchObject({
    status: 'FAILED',
    error: { code: 'WDH0003' },
  });
  expect(await fileOf(first)).toBe('city\nLyon\nLyon\nLyon\n');
});

test('a page of another origin may upload', async () => {
  const { address, put } = await openAt();
  const { uploadUrl } = await address();
  const preflight = await fetch(uploadUrl, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:4000', 'access-control-request-method': 'PUT' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')).toBe('PUT');
  for (const response of [preflight, await put(uploadUrl, 'x')]) {
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  }
});
