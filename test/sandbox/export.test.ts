import { describe, expect, test } from 'vitest';
import type { After } from '../../src/sandbox/clock.ts';
import { collection, csv, fast, into, jsonl, openMover } from './open-mover.ts';
import { createStepClock } from './step-clock.ts';

const rows = [
  {
    _id: '1',
    name: 'Anna',
    age: 30,
    on: { $date: '2026-01-01T00:00:00.000Z' },
    tags: ['a', 'b'],
    in: { city: 'Köln' },
  },
  {
    _id: '2',
    name: 'anton',
    age: 41,
    on: { $date: '2026-02-01T00:00:00.000Z' },
    tags: ['b'],
    in: { city: 'Lyon' },
  },
  { _id: '3', name: 'Berta', age: 41, on: '2026-03-01', ok: true },
  { _id: '4', name: 'Cleo', age: null, tags: [], ok: false },
];

const openWithRows = async () => {
  const mover = await openMover();
  await mover.importInto(rows.map((row) => JSON.stringify(row)).join('\n'), into('imports'));
  return mover;
};

describe('a filter of the query language', () => {
  test.each<[object, string[]]>([
    [{}, ['1', '2', '3', '4']],
    [{ name: 'Anna' }, ['1']],
    [{ age: { $eq: 41 } }, ['2', '3']],
    [{ age: { $ne: 41 } }, ['1', '4']],
    [{ age: { $gt: 30 } }, ['2', '3']],
    [{ age: { $gte: 30, $lt: 41 } }, ['1']],
    [{ age: { $lte: 30 } }, ['1']],
    [{ age: { $in: [30, 99] } }, ['1']],
    [{ tags: { $hasSome: ['a', 'z'] } }, ['1']],
    [{ tags: 'b' }, ['1', '2']],
    [{ name: { $startsWith: 'AN' } }, ['1', '2']],
    [{ tags: { $exists: true } }, ['1', '2', '4']],
    [{ age: { $exists: false } }, ['4']],
    [{ ok: true }, ['3']],
    [{ 'in.city': 'Köln' }, ['1']],
    [{ $and: [{ age: 41 }, { ok: true }] }, ['3']],
    [{ $or: [{ age: 30 }, { ok: false }] }, ['1', '4']],
    [{ $not: { age: 41 } }, ['1', '4']],
    [{ on: { $date: '2026-02-01T00:00:00.000Z' } }, ['2']],
    [{ on: { $gte: { $date: '2026-02-01T00:00:00.000Z' } } }, ['2', '3']],
    [{ on: { $in: [{ $date: '2026-01-01T01:00:00+01:00' }, '2026-03-01'] } }, ['1', '3']],
    [
      { $and: [{ on: { $gt: '2026-01-15' } }, { $not: { on: { $date: '2026-03-01T00:00:00.000Z' } } }] },
      ['2'],
    ],
  ])('%j', async (filter, ids) => {
    const { items } = await openWithRows();
    const found = await items(collection('imports', { filterQuery: { filter } }));
    expect(found.map(({ _id }) => _id)).toEqual(ids);
  });

  test.each<[object, string]>([
    [{ $nor: [{ age: 1 }] }, "Unknown operator '$nor'"],
    [{ age: { $like: 1 } }, "Unknown operator '$like'"],
    [{ age: { $in: 1 } }, 'A list of values is expected'],
    [{ in: { city: 'Köln' } }, `Field 'in' cannot be compared with {"city":"Köln"}`],
  ])('%j fails the job with the reason', async (filter, reason) => {
    const { run } = await openWithRows();
    expect(await run(collection('imports', { filterQuery: { filter } }), csv)).toMatchObject({
      status: 'FAILED',
      error: { code: 'WDH0001', data: { reason } },
    });
  });

  test('may still come in the deprecated members, which the job shows as they were sent', async () => {
    const { run, fileOf } = await openWithRows();
    const source = collection('imports', { filter: { age: 41 }, fields: ['name'] });
    const job = await run(source, csv);
    expect(job.source).toEqual(source);
    expect(await fileOf(job)).toBe('name\nanton\nBerta\n');
  });
});

describe('a CSV file', () => {
  test('has the listed fields as columns, in their order', async () => {
    const { exported } = await openWithRows();
    const filterQuery = { fields: ['in.city', 'age', 'nothing', '_id'] };
    expect(await exported(collection('imports', { filterQuery }), csv)).toBe(
      'in.city,age,nothing,_id\nKöln,30,,1\nLyon,41,,2\n,41,,3\n,,,4\n',
    );
  });

  test('else has the id, the declared fields and whatever the items have', async () => {
    const { exported, importInto } = await openMover();
    await importInto(
      '{"name":"n, m","_id":"1","extra":{"x":[1]},"releasedOn":"2026-01-01"}',
      into('products', 'TRUNCATE_BEFORE'),
    );
    expect(await exported(collection('products'), csv)).toBe(
      '_id,name,sku,price,inStock,releasedOn,tags,details,extra\n1,"n, m",,,,2026-01-01,,,"{""x"":[1]}"\n',
    );
  });

  test('of nothing still has its header', async () => {
    const { exported } = await openMover();
    expect(await exported(collection('imports'), csv)).toBe('_id\n');
  });

  test('has values in cells as they are read again', async () => {
    const { exported, importInto } = await openMover();
    const item = {
      _id: 'x',
      a: 1e21,
      b: -0.5,
      c: false,
      d: { $date: '2026-01-01T00:00:00.000Z' },
      e: '\r',
      f: null,
    };
    await importInto(JSON.stringify(item), into('imports'));
    expect(await exported(collection('imports'), csv)).toBe(
      '_id,a,b,c,d,e,f\nx,1e+21,-0.5,false,2026-01-01T00:00:00.000Z,"\r",\n',
    );
  });
});

test('a JSONL file has an object a line, with the listed fields that the item has', async () => {
  const { exported } = await openWithRows();
  const source = collection('imports', {
    filterQuery: { filter: { _id: { $in: ['1', '3'] } }, fields: ['ok', 'tags'] },
  });
  expect(await exported(source, jsonl)).toBe('{"tags":["a","b"]}\n{"ok":true}\n');
});

test('the address of a file is there from the start, the file once it is whole', async () => {
  const clock = createStepClock();
  let isReleased = false;
  const after: After = async (ms, signal) => {
    if (!isReleased) await clock.after(ms, signal);
  };
  const { submit, ended, job } = await openMover({ speed: 1, now: clock.now, after });
  const { id, destination } = await submit({ source: collection('shops'), destination: csv });
  expect(destination['file']).not.toHaveProperty('url');
  await clock.step();
  await clock.waited();
  const state = await job(id);
  expect(state.status).toBe('INITIALIZING');
  const url = String(state.destination['file']?.['url']);
  expect((await fetch(url)).status).toBe(404);
  isReleased = true;
  await clock.step();
  await ended(id);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment',
    'access-control-allow-origin': '*',
  });
  expect((await response.text()).split('\n')).toHaveLength(10);
});

test('the address ends in the name of the file, whatever that is', async () => {
  const { run } = await openMover(fast);
  const fileName = `bücher/../ 2026 "#?${'📚'.repeat(200)}.csv`;
  const { destination } = await run(collection('shops'), { file: { format: 'CSV', fileName } });
  const url = String(destination['file']?.['url']);
  expect(url.length).toBeLessThanOrEqual(2048);
  expect((await fetch(url)).status).toBe(200);
  expect(destination['file']?.['fileName']).toBe(fileName);
});
