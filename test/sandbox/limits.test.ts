import { expect, test } from 'vitest';
import { collection, csv, into, openMover } from './open-mover.ts';

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"_id":"${index + 1}"}`).join('\n');

const cause = 'The destination accepted only part of the items because its limit was reached.';

test('a job that fills its collection ends PARTIALLY_SUCCESSFUL, with what had no room in the logs', async () => {
  const { importInto, items, logs } = await openMover({ limits: { itemsPerCollection: 10 } });
  await importInto(linesOf(3), into('imports'));
  const { id, ...job } = await importInto(linesOf(12), into('imports'));
  expect(job).toMatchObject({
    status: 'PARTIALLY_SUCCESSFUL',
    partiallySuccessfulOptions: { cause },
    progress: { current: 12, itemsSuccessful: 10, itemsRejected: 2 },
    error: null,
  });
  expect(await logs(id)).toMatchObject([
    { sourceItemId: '11', failure: { code: 'WDH0002', data: { limit: 10 } } },
    { sourceItemId: '12' },
  ]);
  expect(await items('imports')).toHaveLength(10);
});

test('a file that grows too large ends the job PARTIALLY_SUCCESSFUL too', async () => {
  const { run, fileOf } = await openMover({ limits: { fileBytes: 100_000 } });
  const job = await run(collection('products'), csv);
  expect(job).toMatchObject({ status: 'PARTIALLY_SUCCESSFUL', progress: { current: 3000, total: 3000 } });
  const { itemsSuccessful = 0, itemsRejected = 0 } = job.progress ?? {};
  expect(itemsSuccessful + itemsRejected).toBe(3000);
  const file = await fileOf(job);
  expect(file.trimEnd().split('\n')).toHaveLength(itemsSuccessful + 1);
});

test('an item that is too large is rejected with WDE0009', async () => {
  const { importInto, logs } = await openMover({ limits: { itemBytes: 100 } });
  const { id, progress } = await importInto(`_id,a\n1,${'x'.repeat(200)}\n2,y\n`, into('imports'));
  expect(progress).toMatchObject({ itemsSuccessful: 1, itemsRejected: 1 });
  expect(await logs(id)).toMatchObject([{ sourceItemId: '1', failure: { code: 'WDE0009' } }]);
});

test('past their limit logs are not kept, and logsRecorded tells how many are', async () => {
  const { importInto, logs } = await openMover({ limits: { logsPerJob: 150 } });
  const rows = Array.from({ length: 400 }, (_, index) => `${index},no number`);
  const { id, logsRecorded, progress } = await importInto(
    `_id,price\n${rows.join('\n')}\n`,
    into('products'),
  );
  expect(progress).toMatchObject({ itemsRejected: 400 });
  expect(logsRecorded).toBe(150);
  expect(await logs(id)).toHaveLength(150);
});

test('of the finished jobs the newest are kept', async () => {
  const { run, call } = await openMover({ limits: { jobsPerSite: 2 } });
  const ids: string[] = [];
  for (let count = 0; count < 4; count += 1) ids.push((await run(collection('shops'), csv)).id);
  const statuses = await Promise.all(ids.map(async (id) => (await call(`/data-mover/v1/jobs/${id}`)).status));
  expect(statuses).toEqual([404, 200, 200, 200]);
});
