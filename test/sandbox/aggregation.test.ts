import { describe, expect, test } from 'vitest';
import { collection, csv, into, jsonl, openMover } from './open-mover.ts';

const rows = [
  { _id: '1', city: 'Lyon', total: 10, paid: true, on: '2026-01-03', lines: ['a', 'b'] },
  { _id: '2', city: 'Köln', total: 5, paid: true, on: '2026-01-01', lines: ['a'] },
  { _id: '3', city: 'Lyon', total: 2.5, paid: false, on: '2026-01-02', in: { floor: 3 } },
  { _id: '4', city: 'Köln', total: 7, paid: true, on: '2026-01-04', lines: [] },
  { _id: '5', city: 'Riga', total: null, paid: true },
];

const openWithRows = async () => {
  const mover = await openMover();
  await mover.importInto(rows.map((row) => JSON.stringify(row)).join('\n'), into('imports'));
  const aggregation = (stages: readonly object[], fields: readonly object[] = [], paging: object = {}) =>
    collection('imports', { aggregationQuery: { aggregationPipeline: { stages, ...paging }, fields } });
  return {
    ...mover,
    aggregation,
    result: (stages: readonly object[], paging: object = {}) => mover.items(aggregation(stages, [], paging)),
  };
};

const field = (fieldPath: string) => ({ expression: { fieldPath } });
const accumulator = (operator: string, path: string, resultFieldName: string) => ({
  [operator]: field(path),
  resultFieldName,
});

describe('stages', () => {
  test('filter', async () => {
    const { result } = await openWithRows();
    const found = await result([
      { filter: { paid: true, on: { $gte: { $date: '2026-01-03T00:00:00.000Z' } } } },
    ]);
    expect(found).toEqual([rows[0], rows[3]]);
  });

  test('sort, by several fields and both ways', async () => {
    const { result } = await openWithRows();
    const values = [{ fieldName: 'city' }, { fieldName: 'total', order: 'DESC' }];
    expect((await result([{ sort: { values } }])).map(({ _id }) => _id)).toEqual(['4', '2', '1', '3', '5']);
  });

  test('skip and limit', async () => {
    const { result } = await openWithRows();
    expect((await result([{ skip: 1 }, { limit: 2 }])).map(({ _id }) => _id)).toEqual(['2', '3']);
    expect((await result([{ limit: 2 }, { skip: 1 }])).map(({ _id }) => _id)).toEqual(['2']);
  });

  test('projection: include and reshape', async () => {
    const { result } = await openWithRows();
    const fields = [
      { include: { fieldName: 'city' } },
      { reshape: { resultFieldName: 'floor', expression: { fieldPath: 'in.floor' } } },
    ];
    expect((await result([{ projection: { fields } }, { skip: 2 }, { limit: 1 }]))[0]).toEqual({
      city: 'Lyon',
      floor: 3,
    });
  });

  test('projection: exclude', async () => {
    const { result } = await openWithRows();
    const fields = [{ exclude: { fieldName: 'total' } }, { exclude: { fieldName: 'paid' } }];
    expect((await result([{ projection: { fields } }]))[4]).toEqual({ _id: '5', city: 'Riga' });
  });

  test('group, with every accumulator', async () => {
    const { result } = await openWithRows();
    const group = {
      groupIds: [{ key: 'city', expression: { fieldPath: 'city' } }],
      accumulators: [
        accumulator('sum', 'total', 'sum'),
        accumulator('avg', 'total', 'avg'),
        accumulator('min', 'on', 'min'),
        accumulator('max', 'total', 'max'),
        accumulator('first', '_id', 'first'),
        accumulator('last', '_id', 'last'),
        accumulator('push', 'paid', 'push'),
        { sum: { expression: { numeric: 1 } }, resultFieldName: 'count' },
      ],
    };
    const none = { sum: 0, avg: null, min: null, max: null };
    expect(await result([{ group }])).toEqual([
      {
        _id: { city: 'Lyon' },
        sum: 12.5,
        avg: 6.25,
        min: '2026-01-02',
        max: 10,
        first: '1',
        last: '3',
        push: [true, false],
        count: 2,
      },
      {
        _id: { city: 'Köln' },
        sum: 12,
        avg: 6,
        min: '2026-01-01',
        max: 7,
        first: '2',
        last: '4',
        push: [true, true],
        count: 2,
      },
      { _id: { city: 'Riga' }, ...none, first: '5', last: '5', push: [true], count: 1 },
    ]);
  });

  test('group of everything', async () => {
    const { result } = await openWithRows();
    expect(await result([{ group: { accumulators: [accumulator('sum', 'total', 'sum')] } }])).toEqual([
      { _id: {}, sum: 24.5 },
    ]);
  });

  test('unwindArray', async () => {
    const { result } = await openWithRows();
    const found = await result([{ unwindArray: { arrayFieldName: 'lines' } }]);
    expect(found.map(({ _id, lines }) => [_id, lines])).toEqual([
      ['1', 'a'],
      ['1', 'b'],
      ['2', 'a'],
    ]);
  });

  test('paging at the end', async () => {
    const { result } = await openWithRows();
    const ids = async (paging: object) => (await result([], paging)).map(({ _id }) => _id);
    expect(await ids({ paging: { offset: 1, limit: 2 } })).toEqual(['2', '3']);
    expect(await ids({ paging: { offset: 3 } })).toEqual(['4', '5']);
    expect(await ids({ cursorPaging: { limit: 2 } })).toEqual(['1', '2']);
  });
});

describe('expressions', () => {
  const total = { fieldPath: 'total' };
  const city = { fieldPath: 'city' };
  const two = (firstExpression: object, secondExpression: object) => ({ firstExpression, secondExpression });
  test.each<[string, object, unknown]>([
    ['fieldPath', total, 10],
    ['text', { text: 'x' }, 'x'],
    ['numeric', { numeric: 1.5 }, 1.5],
    ['numeric NaN', { numeric: 'NaN' }, null],
    ['add', { add: { expressions: [total, { numeric: 1 }] } }, 11],
    ['sum', { sum: { expressions: [total, total, total] } }, 30],
    ['multiply', { multiply: { expressions: [total, { numeric: 0.5 }] } }, 5],
    ['concat', { concat: { expressions: [city, { text: '/' }, total] } }, 'Lyon/10'],
    ['subtract', { subtract: two(total, { numeric: 3 }) }, 7],
    ['divide', { divide: two(total, { numeric: 4 }) }, 2.5],
    ['divide by zero', { divide: two(total, { numeric: 0 }) }, null],
    ['mod', { mod: two(total, { numeric: 4 }) }, 2],
    ['abs', { abs: { expression: { numeric: -2 } } }, 2],
    ['floor', { floor: { expression: { numeric: 2.7 } } }, 2],
    ['ceil', { ceil: { expression: { numeric: 2.1 } } }, 3],
    ['stringify', { stringify: { expression: total } }, '10'],
    ['toLower', { toLower: { expression: city } }, 'lyon'],
    ['toUpper', { toUpper: { expression: city } }, 'LYON'],
    ['length', { length: { expression: city } }, 4],
    ['length of a list', { length: { expression: { fieldPath: 'lines' } } }, 2],
    [
      'substring',
      { substring: { expression: city, startExpression: { numeric: 1 }, lengthExpression: { numeric: 2 } } },
      'yo',
    ],
    ['arithmetic with a text', { add: { expressions: [city, { numeric: 1 }] } }, null],
    ['a field that is not there', { fieldPath: 'in.nothing' }, null],
  ])('%s', async (_, expression, value) => {
    const { result } = await openWithRows();
    const found = await result([{ addFields: { fields: [{ fieldName: 'x', expression }] } }, { limit: 1 }]);
    expect(found).toEqual([{ ...rows[0], x: value }]);
  });
});

const byCity = [
  {
    group: {
      groupIds: [{ key: 'city', expression: { fieldPath: 'city' } }],
      accumulators: [accumulator('sum', 'total', 'revenue'), accumulator('avg', 'total', 'mean')],
    },
  },
  { sort: { values: [{ fieldName: 'revenue', order: 'DESC' }] } },
  { limit: 2 },
];

describe('the fields of the result', () => {
  const fields = [
    { key: '_id.city', displayName: 'City', fieldType: 'STRING' },
    { key: 'revenue', displayName: 'Revenue, all', fieldType: 'NUMBER' },
  ];

  test('head the columns of a CSV file by their display names; what is not listed is left out', async () => {
    const { aggregation, exported } = await openWithRows();
    expect(await exported(aggregation(byCity, fields), csv)).toBe(
      'City,"Revenue, all"\nLyon,12.5\nKöln,12\n',
    );
  });

  test('have their whole keys in a JSONL file', async () => {
    const { aggregation, exported } = await openWithRows();
    expect(await exported(aggregation(byCity, fields), jsonl)).toBe(
      '{"_id.city":"Lyon","revenue":12.5}\n{"_id.city":"Köln","revenue":12}\n',
    );
  });

  test('are everything when none is listed', async () => {
    const { aggregation, exported } = await openWithRows();
    expect(await exported(aggregation(byCity), csv)).toBe(
      '_id,revenue,mean\n"{""city"":""Lyon""}",12.5,6.25\n"{""city"":""Köln""}",12,6\n',
    );
  });

  test('reject a record that does not hold their type', async () => {
    const { aggregation, run, logs } = await openWithRows();
    const { id, progress } = await run(aggregation(byCity, [{ key: '_id.city', fieldType: 'NUMBER' }]), csv);
    expect(progress).toMatchObject({ itemsSuccessful: 0, itemsRejected: 2 });
    expect(await logs(id)).toMatchObject([
      { sourceItemId: '1', failure: { code: 'WDH0003', data: { column: '_id.city', value: 'Lyon' } } },
      { sourceItemId: '2' },
    ]);
  });
});

test('the result of an aggregation can go into a collection', async () => {
  const { aggregation, run, items } = await openWithRows();
  await run(aggregation([{ filter: { paid: false } }]), into('search'));
  expect(await items('search')).toEqual([rows[2]]);
});

describe('what is not supported fails the job with WDH0001', () => {
  const group = (accumulators: readonly object[]) => [{ group: { accumulators } }];
  test.each<[string, readonly object[], object]>([
    ["Stage 'lookup' is not supported.", [{ lookup: { dataCollectionId: 'products' } }], {}],
    ["Stage 'objectToArray' is not supported.", [{ objectToArray: { objectFieldName: 'in' } }], {}],
    ["Accumulator 'median' is not supported.", group([{ median: field('total'), resultFieldName: 'x' }]), {}],
    [
      "Projection 'projectNested' is not supported.",
      [{ projection: { fields: [{ projectNested: { resultFieldName: 'x', fields: [] } }] } }],
      {},
    ],
    [
      "Expression 'size' is not supported.",
      [{ addFields: { fields: [{ fieldName: 'x', expression: { size: {} } }] } }],
      {},
    ],
    ["Unknown operator '$near'", [{ filter: { city: { $near: 'Lyon' } } }], {}],
    ['A cursor inside a pipeline is not supported.', [], { cursorPaging: { cursor: 'abc' } }],
  ])('%s', async (reason, stages, paging) => {
    const { aggregation, run } = await openWithRows();
    expect(await run(aggregation(stages, [], paging), csv)).toMatchObject({
      status: 'FAILED',
      error: { code: 'WDH0001', data: { reason } },
    });
  });
});
