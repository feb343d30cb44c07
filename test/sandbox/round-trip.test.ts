import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { collection, csv, into, jsonl, openMover } from './open-mover.ts';

const rowCount = 50_000;
const columns = ['_id', 'name', 'sku', 'price', 'inStock', 'releasedOn', 'tags', 'details'] as const;

type Fields = Readonly<Record<(typeof columns)[number], string>>;

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Quotes, line breaks of both kinds, UTF-8 of one to four bytes, empty cells; every seventh column of some kind. */
const fieldsOf = (row: number): Fields => ({
  _id: `row-${row}`,
  name: `Größe "${row}", 商品\r\nzweite Zeile\n📚 `,
  sku: row % 5 === 0 ? '' : `00${row}`,
  price: row % 3 === 0 ? '' : String(row / 8),
  inStock: row % 7 === 0 ? '' : String(row % 2 === 0),
  releasedOn: row % 11 === 0 ? '' : `20${10 + (row % 15)}-0${1 + (row % 9)}-1${row % 9}`,
  tags: row % 4 === 0 ? '' : JSON.stringify([`tag "${row % 6}"`, row % 9, null]),
  details:
    row % 6 === 0 ? '' : JSON.stringify({ colour: 'grün, hell', size: { cm: row / 4 }, ok: row % 2 === 1 }),
});

const badColumns = ['price', 'inStock', 'releasedOn', 'tags', 'details'] as const;

/** Every hundredth row has one cell that does not hold what its column should. */
const badColumnOf = (row: number): (typeof badColumns)[number] | null =>
  row % 100 === 50 ? (badColumns[Math.floor(row / 100) % badColumns.length] ?? null) : null;

const rows = Array.from({ length: rowCount }, (_, index) => fieldsOf(index + 1));

const makeFile = (): string => {
  const lines = rows.map((fields, index) => {
    const bad = badColumnOf(index + 1);
    return columns.map((column) => quoted(column === bad ? 'not, this' : fields[column])).join(',');
  });
  return `\uFEFF${columns.join(',')}\r\n${lines.join('\r\n')}\r\n`;
};

const values: Readonly<Record<keyof Fields, (text: string) => unknown>> = {
  _id: String,
  name: String,
  sku: String,
  price: Number,
  inStock: (text) => text === 'true',
  releasedOn: String,
  tags: (text) => JSON.parse(text),
  details: (text) => JSON.parse(text),
};

const itemOf = (fields: Fields) =>
  Object.fromEntries(
    columns.flatMap((column) => (fields[column] === '' ? [] : [[column, values[column](fields[column])]])),
  );

test('50,000 rows go in and come out again with the same values, the bad ones aside', async () => {
  const { importInto, exported, logs } = await openMover();
  const { id, ...job } = await importInto(makeFile(), into('products', 'TRUNCATE_BEFORE'));
  const bad = rows.flatMap((_, index) => (badColumnOf(index + 1) === null ? [] : [index + 1]));
  expect(bad).toHaveLength(500);
  expect(job).toMatchObject({
    status: 'COMPLETED',
    progress: {
      current: rowCount,
      total: rowCount,
      itemsSuccessful: rowCount - bad.length,
      itemsRejected: bad.length,
    },
    logsRecorded: bad.length,
  });
  const found = await logs(id);
  expect(found.map(({ sourceItemId }) => Number(sourceItemId))).toEqual(bad);
  expect(found.map(({ failure }) => failure)).toEqual(
    bad.map((row) => ({
      code: 'WDH0003',
      description: expect.stringMatching(/^Column ".*" does not hold /),
      data: { column: badColumnOf(row), value: 'not, this' },
    })),
  );

  const good = rows.filter((_, index) => badColumnOf(index + 1) === null);
  const file = await exported(collection('products'), csv);
  expect(parse(file, { columns: true })).toEqual(good);

  expect(await importInto(file, into('products', 'TRUNCATE_BEFORE'))).toMatchObject({
    progress: { itemsSuccessful: good.length, itemsRejected: 0 },
  });
  expect(await exported(collection('products'), jsonl)).toBe(
    good.map((fields) => `${JSON.stringify(itemOf(fields))}\n`).join(''),
  );
});

test('the seed products survive a round trip through either format', async () => {
  const { exported, importInto, items } = await openMover();
  const before = await items('products');
  for (const format of [csv, jsonl]) {
    const file = await exported(collection('products'), format);
    await importInto(file, into('products', 'TRUNCATE_BEFORE'));
    expect(await items('products')).toEqual(before);
  }
});

test('instants survive a round trip through CSV', async () => {
  const { exported, importInto, items } = await openMover();
  const before = await items('orders');
  expect(before[0]).toMatchObject({ placedOn: { $date: '2024-06-01T08:00:00.000Z' } });
  await importInto(await exported(collection('orders'), csv), into('orders', 'TRUNCATE_BEFORE'));
  expect(await items('orders')).toEqual(before);
});

test('a column alone keeps its empty cells', async () => {
  const { exported, importInto } = await openMover();
  await importInto('_id,a\n1,x\n2,\n3,z\n', into('imports'));
  const file = await exported(collection('imports', { filterQuery: { fields: ['a'] } }), csv);
  expect(file).toBe('a\nx\n""\nz\n');
  expect(await importInto(file, into('search'))).toMatchObject({ progress: { itemsSuccessful: 3 } });
});
