import { describe, expect, test } from 'vitest';
import { collection, csv, into, openMover } from './open-mover.ts';
import { jobsPath } from './open-sandbox.ts';

/** As many lists inside each other, written by hand since JSON.stringify would overflow. */
const listsOf = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('JSON that is nested too deeply', () => {
  test('is refused with 400 in a body, and leaves no job behind', async () => {
    const { call, refusalOf } = await openMover();
    const jobs = async (): Promise<unknown> => (await (await call(jobsPath)).json()).jobs[0];
    const before = await jobs();
    const body = JSON.stringify({
      source: collection('shops', { filterQuery: { filter: { a: 'DEEP' } } }),
      destination: csv,
    }).replace('"DEEP"', listsOf(20_000));
    expect(await refusalOf(await call(jobsPath, { method: 'POST', body }))).toMatchObject({
      status: 400,
      message: 'The body is nested deeper than 100 levels.',
    });
    expect(await jobs()).toMatchObject({ id: Object(before).id });
  });

  test('is refused with 400 in the parameters of an address', async () => {
    const { call } = await openMover();
    const packed = Buffer.from(`{"query":${listsOf(2000)}}`).toString('base64url');
    expect((await call(`${jobsPath}?.r=${packed}`)).status).toBe(400);
    expect((await call(`${jobsPath}?${'a.'.repeat(3000)}a=1`)).status).toBe(400);
  });

  test('rejects a line of JSONL and no other', async () => {
    const { importInto, items, logs } = await openMover();
    const file = `{"_id":"1","a":${listsOf(20_000)}}\n{"_id":"2","a":${listsOf(90)}}\n`;
    const { id, ...job } = await importInto(file, into('imports'));
    expect(job).toMatchObject({ status: 'COMPLETED', progress: { itemsSuccessful: 1, itemsRejected: 1 } });
    expect(await logs(id)).toMatchObject([{ sourceItemId: '1', failure: { code: 'WDH0003' } }]);
    expect((await items('imports')).map(({ _id }) => _id)).toEqual(['2']);
  });

  test('does not fit a declared field', async () => {
    const { importInto, logs } = await openMover();
    const { id, progress } = await importInto(`_id,tags\n1,"${listsOf(20_000)}"\n2,[]\n`, into('products'));
    expect(progress).toMatchObject({ itemsSuccessful: 1, itemsRejected: 1 });
    expect(await logs(id)).toMatchObject([{ sourceItemId: '1', failure: { data: { column: 'tags' } } }]);
  });
});

test('a number that no number can hold does not fit', async () => {
  const { importInto, logs } = await openMover();
  const file = '{"_id":"1","price":1e999}\n{"_id":"2","price":1}';
  const { id, progress } = await importInto(file, into('products'));
  expect(progress).toMatchObject({ itemsSuccessful: 1, itemsRejected: 1 });
  expect(await logs(id)).toMatchObject([{ sourceItemId: '1', failure: { data: { column: 'price' } } }]);
});

test('a column may be called as something that every object has', async () => {
  const { importInto, exported } = await openMover();
  await importInto('_id,constructor\n1,x\n2,\n', into('imports'));
  expect(await exported(collection('imports'), csv)).toBe('_id,constructor\n1,x\n2,\n');
});

test('a row below a blank line may begin with a quote', async () => {
  const { importInto, items } = await openMover();
  const file = '_id,a\n\n1,"""oak"""\n\r\n\n"""2""",x\n';
  expect(await importInto(file, into('imports'))).toMatchObject({
    progress: { itemsSuccessful: 2, itemsRejected: 0 },
  });
  expect(await items('imports')).toEqual([
    { _id: '1', a: '"oak"' },
    { _id: '"2"', a: 'x' },
  ]);
});

test('a file of too many columns fails the job', async () => {
  const { importInto } = await openMover();
  const header = (columns: number) => Array.from({ length: columns }, (_, index) => `c${index}`).join(',');
  expect(await importInto(`${header(5000)}\n`, into('imports'))).toMatchObject({ status: 'COMPLETED' });
  expect(await importInto(`${header(5001)}\n`, into('imports'))).toMatchObject({
    status: 'FAILED',
    error: { code: 'WDH0003', description: 'The file has more than 5000 columns.' },
  });
});

describe('the name of a file', () => {
  const books = '📚'.repeat(250);
  test.each(['\ud800.csv', '.', '..', books, `${books}x`])('may be %j for an upload', async (name) => {
    const { upload, submit, ended } = await openMover();
    const fileId = await upload('_id\n1\n', name);
    expect(fileId.isWellFormed()).toBe(true);
    const { id, source } = await submit({ source: { file: { fileId } }, destination: into('imports') });
    expect(await (await fetch(String(source['file']?.['url']))).text()).toBe('_id\n1\n');
    expect(await ended(id)).toMatchObject({ status: 'COMPLETED' });
  });

  test.each(['\udc00', '.', '..', ''])('may be %j for an export', async (fileName) => {
    const { run, fileOf } = await openMover();
    const job = await run(collection('imports'), { file: { format: 'CSV', fileName } });
    expect(await fileOf(job)).toBe('_id\n');
  });
});

test.each([
  ['CSV of blank lines', `_id\n${'\n'.repeat(2_000_000)}1\n`],
  ['CSV of one long row', `_id,a\n1,"${'x'.repeat(900_000)}"\n`],
  ['JSONL of blank lines', `{"_id":"1"}\n${'\n'.repeat(100_000)}`],
])('%s lets the rest of the process have turns', async (_, file) => {
  let turns = 0;
  const after = async (ms: number) => {
    if (ms === 0) turns += 1;
  };
  const { importInto } = await openMover({ speed: 1, after });
  await importInto(file, into('search'));
  expect(turns).toBeGreaterThan(20);
});

test.each([
  ['CSV', '_id\nnew\n'],
  ['JSONL', `{"_id":"new"}${'\n'.repeat(1500)}`],
])('what is terminated while its %s is read empties no collection', async (_, file) => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  // As when the signal comes in the turn that the wait ends in: the wait does not tell.
  const after = async (ms: number) => {
    if (ms > 0) return;
    reached.resolve();
    await gate.promise;
  };
  const { upload, submit, terminate, items } = await openMover({ speed: 1, after });
  const source = { file: { fileId: await upload(file) } };
  const { id } = await submit({ source, destination: into('shops', 'TRUNCATE_BEFORE') });
  await reached.promise;
  await terminate(id);
  gate.resolve();
  const ids = (await items('shops')).map(({ _id }) => _id);
  expect(ids.length).toBeGreaterThan(1);
  expect(ids).not.toContain('new');
});

test('what is terminated between two rows writes no more', async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let waits = 0;
  const after = async (ms: number) => {
    if (ms > 0) waits += 1;
    // The first two are the preparation.
    if (waits !== 3) return;
    reached.resolve();
    await gate.promise;
  };
  const { upload, submit, terminate, items } = await openMover({ speed: 1, after });
  const file = Array.from({ length: 200 }, (_, index) => `{"_id":"${index}"}`).join('\n');
  const source = { file: { fileId: await upload(file) } };
  const { id } = await submit({ source, destination: into('imports') });
  await reached.promise;
  await terminate(id);
  gate.resolve();
  expect((await items('imports')).length).toBeLessThan(10);
});
