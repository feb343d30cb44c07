import { describe, expect, test } from 'vitest';
import { collection, csv, into, jsonl, openMover, otherSiteId } from './open-mover.ts';

const header = '_id,name,price,inStock,releasedOn,tags,details';

const failures = async (logs: Promise<readonly { sourceItemId: string; failure?: unknown }[]>) =>
  (await logs).map(({ sourceItemId, failure }) => [sourceItemId, failure]);

describe('a CSV file', () => {
  test('becomes items in the types of the collection', async () => {
    const { importInto, items } = await openMover();
    const file = [
      '\uFEFF_id,name,sku,price,inStock,releasedOn,tags,details',
      'a,"Chair, ""oak""\nand more",007, 12.50 ,TRUE,2026-02-28,"[""x"",1]","{""w"":{""cm"":3}}"',
      'b,5" pipe,,-1e2,0,2026-02-28T23:30:00-02:00,[],{}',
      'c,,,,,,,',
    ].join('\r\n');
    expect(await importInto(file, into('products', 'TRUNCATE_BEFORE'))).toMatchObject({
      status: 'COMPLETED',
      progress: { current: 3, total: 3, itemsSuccessful: 3, itemsRejected: 0 },
      logsRecorded: 0,
    });
    expect(await items('products')).toEqual([
      {
        _id: 'a',
        name: 'Chair, "oak"\nand more',
        sku: '007',
        price: 12.5,
        inStock: true,
        releasedOn: '2026-02-28',
        tags: ['x', 1],
        details: { w: { cm: 3 } },
      },
      {
        _id: 'b',
        name: '5" pipe',
        price: -100,
        inStock: false,
        releasedOn: '2026-03-01',
        tags: [],
        details: {},
      },
      { _id: 'c' },
    ]);
  });

  test('has its bad rows rejected one by one, each in the logs with its row and column', async () => {
    const { importInto, items, logs } = await openMover();
    const file = [
      header,
      'a,fine,1,true,2026-01-01,[],{}',
      'b,bad,n/a,true,2026-01-01,[],{}',
      'c,bad,1,perhaps,2026-01-01,[],{}',
      '"d","two\nlines",1,true,31.02.2026,[],{}',
      'e,bad,1,true,2026-02-30,[],{}',
      'f,bad,1,true,2026-01-01,{},{}',
      'g,bad,1,true,2026-01-01,[],"[1]"',
      'h,bad,1,true,2026-01-01,[],"{not json"',
      'i,short,1',
      'j,long,1,true,2026-01-01,[],{},more',
      'k,"quoted"badly,1,true,2026-01-01,[],{}',
      'l,fine,0x10,true,2026-01-01,[],{}',
      'm,fine,1,true,2026-01-01,[],{}',
    ].join('\n');
    const { id, ...job } = await importInto(file, into('products', 'TRUNCATE_BEFORE'));
    expect(job).toMatchObject({
      status: 'COMPLETED',
      progress: { current: 13, total: 13, itemsSuccessful: 2, itemsRejected: 11 },
      logsRecorded: 11,
    });
    expect((await items('products')).map(({ _id }) => _id)).toEqual(['a', 'm']);
    const failure = (column: string, expected: string, value: string) => ({
      code: 'WDH0003',
      description: `Column "${column}" does not hold ${expected}.`,
      data: { column, value },
    });
    const rowFailure = (description: string) => ({ code: 'WDH0003', description, data: null });
    expect(await failures(logs(id))).toEqual([
      ['2', failure('price', 'a number', 'n/a')],
      ['3', failure('inStock', 'true or false', 'perhaps')],
      ['4', failure('releasedOn', 'a date', '31.02.2026')],
      ['5', failure('releasedOn', 'a date', '2026-02-30')],
      ['6', failure('tags', 'a JSON list', '{}')],
      ['7', failure('details', 'a JSON object', '[1]')],
      ['8', failure('details', 'a JSON object', '{not json')],
      ['9', rowFailure('The row has 3 cells and the header 7.')],
      ['10', rowFailure('The row has 8 cells and the header 7.')],
      ['11', rowFailure('A cell goes on after its closing quote.')],
      ['12', failure('price', 'a number', '0x10')],
    ]);
  });

  test('goes into imports whatever its columns, cells staying the texts they are', async () => {
    const { importInto, exported } = await openMover();
    await importInto('_id,zip,Größe,__proto__\n1,00123,1.50,{}\n2,,true,x\n', into('imports'));
    expect(await exported(collection('imports'), jsonl)).toBe(
      '{"_id":"1","zip":"00123","Größe":"1.50","__proto__":"{}"}\n{"_id":"2","Größe":"true","__proto__":"x"}\n',
    );
  });

  test('may begin with a BOM before a quoted header', async () => {
    const { importInto, items } = await openMover();
    await importInto('\uFEFF"_id","a"\n"1","x"\n', into('imports'));
    expect(await items('imports')).toEqual([{ _id: '1', a: 'x' }]);
  });

  test('may have dots in its headers, which are then part of the keys', async () => {
    const { importInto, items } = await openMover();
    await importInto('_id,a.b\n1,x\n2,y\n', into('imports'));
    const filterQuery = { filter: { 'a.b': 'y' }, fields: ['a.b'] };
    expect(await items(collection('imports', { filterQuery }))).toEqual([{ 'a.b': 'y' }]);
  });

  test('gets ids where it has none', async () => {
    const { importInto, items } = await openMover();
    await importInto('name\nfirst\nsecond\n', into('imports'));
    const found = await items('imports');
    expect(found.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(new Set(found.map(({ _id }) => _id)).size).toBe(2);
  });

  test('may end its lines in any way, leave lines blank and end without one', async () => {
    const { importInto, items } = await openMover();
    await importInto('_id,a\r\n\r\n1,x\n2,"y\r\nz"\r3,w\n\n', into('imports'));
    expect(await items('imports')).toEqual([
      { _id: '1', a: 'x' },
      { _id: '2', a: 'y\r\nz' },
      { _id: '3', a: 'w' },
    ]);
  });

  test('with nothing below its header moves nothing', async () => {
    const { importInto, items } = await openMover();
    expect(await importInto('_id,a\n', into('imports'))).toMatchObject({
      status: 'COMPLETED',
      progress: { current: 0, total: 0 },
    });
    expect(await items('imports')).toEqual([]);
  });
});

describe('a JSONL file', () => {
  test('becomes items, values keeping their types where none is declared', async () => {
    const { importInto, items } = await openMover();
    const lines = [
      {
        _id: 'a',
        n: 1.5,
        b: false,
        d: { $date: '2026-01-01T00:00:00.000Z' },
        none: null,
        text: '',
        sep: 'x\u2028y',
      },
      { _id: 5, deep: { list: [1, { a: null }] } },
    ];
    const file = `\uFEFF${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`;
    expect(await importInto(file, into('imports'))).toMatchObject({ status: 'COMPLETED' });
    expect(await items('imports')).toEqual([lines[0], { ...lines[1], _id: '5' }]);
  });

  test('is coerced like a CSV file, and its bad lines are rejected by their number', async () => {
    const { importInto, items, logs } = await openMover();
    const file = [
      '{"_id":"a","price":"12","tags":"[1]","inStock":1,"name":7}',
      '{"_id":"b","price":[]}',
      '["c"]',
      '{"_id":"d"',
      '{"_id":{"no":"text"}}',
    ].join('\n');
    const { id, progress } = await importInto(file, into('products', 'TRUNCATE_BEFORE'));
    expect(progress).toMatchObject({ itemsSuccessful: 1, itemsRejected: 4 });
    expect(await items('products')).toEqual([{ _id: 'a', price: 12, tags: [1], inStock: true, name: '7' }]);
    expect(await failures(logs(id))).toMatchObject([
      ['2', { description: 'Column "price" does not hold a number.', data: { value: '[]' } }],
      ['3', { description: 'The line is not a JSON object.' }],
      ['4', { description: 'The line is not a JSON object.' }],
      ['5', { description: 'Column "_id" does not hold a text.' }],
    ]);
  });
});

describe('a file fails the job with WDH0003, and nothing is changed,', () => {
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]);
  const latin1 = Uint8Array.from(Buffer.from('_id,name\n1,Stühle\n', 'latin1'));
  const neither = 'The uploaded file is neither CSV nor JSONL.';
  test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ['that is binary', png, neither],
    ['that is not UTF-8', latin1, neither],
    ['that is empty', '', neither],
    ['that is a JSON list', '[{"_id":"1"}]', neither],
    ['that is HTML', '<html></html>', neither],
    ['with a quote that is never closed', '_id,a\n1,"x\n2,y\n', 'A quote is opened and never closed.'],
    ['with a column without a name', '_id,,b\n1,2,3\n', 'A column has no name.'],
    ['with a column twice', '_id,a,a\n1,2,3\n', 'Column "a" is there twice.'],
    [
      'with a row that does not end',
      `_id,a\n1,"${'x'.repeat(1_100_000)}"\n`,
      'A row is too large; a quote may',
    ],
  ])('%s', async (_, content, description) => {
    const { importInto, items } = await openMover();
    expect(await importInto(content, into('products', 'TRUNCATE_BEFORE'))).toMatchObject({
      status: 'FAILED',
      progress: null,
      error: { code: 'WDH0003', description: expect.stringContaining(description) },
    });
    expect(await items('products')).toHaveLength(3000);
  });

  test('that is not what the submission says', async () => {
    const { run, upload } = await openMover();
    const failed = { status: 'FAILED', error: { code: 'WDH0003' } };
    const lines = await upload('{"_id":"1"}');
    expect(await run({ file: { fileId: lines, format: 'CSV' } }, into('imports'))).toMatchObject(failed);
    const table = await upload('_id\n1\n');
    expect(await run({ file: { fileId: table, format: 'JSONL' } }, into('imports'))).toMatchObject(failed);
  });

  test('that was never uploaded, or belongs to another site, or that nobody knows', async () => {
    const { post, run, site, upload } = await openMover();
    const opened = await (await post('/data-mover/v1/temporary-files/upload-url', {})).json();
    const failed = { status: 'FAILED', error: { code: 'WDH0003' } };
    for (const fileId of [opened.fileId, 'imports/unknown/file.csv']) {
      expect(await run({ file: { fileId } }, into('imports'))).toMatchObject(failed);
    }
    const fileId = await upload('_id\n1\n');
    const elsewhere = site(otherSiteId);
    expect(await elsewhere.run({ file: { fileId } }, into('imports'))).toMatchObject(failed);
    expect(await run({ file: { fileId } }, into('imports'))).toMatchObject({ status: 'COMPLETED' });
  });
});

test('a file of what looks like JSON or HTML may be CSV where the submission says so', async () => {
  const { run, upload, items } = await openMover();
  const fileId = await upload('[id],<b>\n1,2\n');
  await run({ file: { fileId, format: 'CSV' } }, into('imports'));
  expect(await items('imports')).toMatchObject([{ '[id]': '1', '<b>': '2' }]);
});

test('the job tells the format that was detected and an address of the file', async () => {
  const { submit, upload } = await openMover();
  const { source } = await submit({
    source: { file: { fileId: await upload('_id\n1\n', 'ä b.csv') } },
    destination: into('imports'),
  });
  expect(source).toMatchObject({
    file: { format: 'CSV', fileId: expect.stringMatching(/^imports\/.*\/ä b.csv$/) },
  });
  expect(await (await fetch(String(source['file']?.['url']))).text()).toBe('_id\n1\n');
});

test('a file is not moved into a file', async () => {
  const { run, upload } = await openMover();
  expect(await run({ file: { fileId: await upload('_id\n1\n') } }, csv)).toMatchObject({
    status: 'FAILED',
    error: { code: 'WDH0001' },
  });
});
