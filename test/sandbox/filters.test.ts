import { describe, expect, test } from 'vitest';
import { idsOf, type Job, openSandbox } from './open-sandbox.ts';

const fields = ['id', 'name', 'scheduleId', 'workflowId', 'startedAt', 'finishedAt', 'status'] as const;
type Field = (typeof fields)[number];
const ranged = fields.filter((field) => field !== 'status');
const textual = fields.filter((field) => !field.endsWith('At') && field !== 'status');
const sharing = fields.filter((field) => field !== 'workflowId');

/** What a filter has to say for a value that was read from a job. */
const operand = (value: Job[Field]): string | null =>
  typeof value === 'number' ? new Date(value).toISOString() : value;

const known = <T>(value: T | null | undefined): T => {
  if (value === null || value === undefined) throw new Error('The seed lacks a value to compare with.');
  return value;
};

/** A value from the middle of the seed, so that every range has something on both sides. */
const middleOf = (jobs: readonly Job[], field: Field): string | number => {
  const values = jobs.map((job) => job[field]).filter((value) => value !== null);
  return known(values.sort((left, right) => (left < right ? -1 : 1))[Math.floor(values.length / 2)]);
};

describe('a filter finds exactly the jobs of which it is true', () => {
  const cases: [string, readonly Field[], (wanted: string | number) => (value: Job[Field]) => boolean][] = [
    ['$eq', fields, (wanted) => (value) => value === wanted],
    ['$ne', fields, (wanted) => (value) => value !== wanted],
    ['$gt', ranged, (wanted) => (value) => value !== null && value > wanted],
    ['$gte', ranged, (wanted) => (value) => value !== null && value >= wanted],
    ['$lt', ranged, (wanted) => (value) => value !== null && value < wanted],
    ['$lte', ranged, (wanted) => (value) => value !== null && value <= wanted],
  ];
  test.each(cases)('%s', async (operator, on, predicate) => {
    const { all } = await openSandbox();
    const jobs = await all();
    for (const field of on) {
      const wanted = middleOf(jobs, field);
      const expected = jobs.filter((job) => predicate(wanted)(job[field]));
      expect(expected.length, field).toBeGreaterThan(0);
      expect(idsOf(await all({ filter: { [field]: { [operator]: operand(wanted) } } })), field).toEqual(
        idsOf(expected),
      );
    }
  });

  test('a bare value means equals', async () => {
    const { all } = await openSandbox();
    const jobs = await all();
    for (const field of fields) {
      const wanted = middleOf(jobs, field);
      const expected = jobs.filter((job) => job[field] === wanted);
      expect(idsOf(await all({ filter: { [field]: operand(wanted) } })), field).toEqual(idsOf(expected));
    }
  });

  test.each([
    ['$in', fields],
    ['$hasSome', sharing],
  ])('%s', async (operator, on) => {
    const { all } = await openSandbox();
    const jobs = await all();
    for (const field of on) {
      const wanted = [middleOf(jobs, field), known(jobs[3])[field]];
      const expected = jobs.filter((job) => wanted.includes(job[field]));
      const filter = { [field]: { [operator]: wanted.map(operand) } };
      expect(idsOf(await all({ filter })), field).toEqual(idsOf(expected));
    }
  });

  test('$exists', async () => {
    const { all } = await openSandbox();
    const jobs = await all();
    for (const field of fields) {
      for (const exists of [true, false]) {
        const expected = jobs.filter((job) => (job[field] !== null) === exists);
        expect(idsOf(await all({ filter: { [field]: { $exists: exists } } })), field).toEqual(
          idsOf(expected),
        );
      }
    }
  });

  test('$startsWith, whatever the case', async () => {
    const { all } = await openSandbox();
    const jobs = await all();
    for (const field of textual) {
      const prefix = String(middleOf(jobs, field)).slice(0, 2);
      const expected = jobs.filter((job) =>
        String(job[field] ?? '')
          .toLowerCase()
          .startsWith(prefix.toLowerCase()),
      );
      for (const spelled of [prefix.toLowerCase(), prefix.toUpperCase()]) {
        expect(idsOf(await all({ filter: { [field]: { $startsWith: spelled } } })), field).toEqual(
          idsOf(expected),
        );
      }
    }
  });

  test('null, which stands for what is absent', async () => {
    const { all } = await openSandbox();
    const absent = (await all()).filter(({ scheduleId }) => scheduleId === null);
    expect(idsOf(await all({ filter: { scheduleId: null } }))).toEqual(idsOf(absent));
    expect(idsOf(await all({ filter: { scheduleId: { $in: [null] } } }))).toEqual(idsOf(absent));
  });

  test('$and, $or, $not, several fields and several operators together', async () => {
    const { all } = await openSandbox();
    const jobs = await all();
    const from = middleOf(jobs, 'startedAt');
    const filter = {
      startedAt: { $gte: operand(from), $lt: '2026-09-14T07:59:00Z' },
      $or: [{ status: 'FAILED' }, { $and: [{ status: 'COMPLETED' }, { scheduleId: { $exists: true } }] }],
      $not: { name: { $startsWith: 'stock' } },
    };
    const expected = jobs.filter(
      ({ startedAt, status, scheduleId, name }) =>
        startedAt >= Number(from) &&
        startedAt < Date.parse('2026-09-14T07:59:00Z') &&
        (status === 'FAILED' || (status === 'COMPLETED' && scheduleId !== null)) &&
        !name?.toLowerCase().startsWith('stock'),
    );
    expect(expected.length).toBeGreaterThan(0);
    expect(idsOf(await all({ filter }))).toEqual(idsOf(expected));
  });

  test('ids in capitals are the same ids', async () => {
    const { all, query, job } = await openSandbox();
    const { id } = known((await all())[0]);
    expect(idsOf((await query({ filter: { id: { $in: [id.toUpperCase()] } } })).jobs)).toEqual([id]);
    expect((await job(id.toUpperCase())).id).toBe(id);
  });

  test('nothing, when nothing matches', async () => {
    const { query } = await openSandbox();
    expect(await query({ filter: { status: 'PAUSED' } })).toEqual({
      jobs: [],
      pagingMetadata: { count: 0, cursors: { next: null, prev: null }, hasNext: false },
    });
  });
});

describe('a filter is refused that', () => {
  test.each([
    [
      'names an unknown field',
      { 'progress.current': 3 },
      "Field 'progress.current' is not declared as filterable",
    ],
    ['names a prototype member', { constructor: 'x' }, "Field 'constructor' is not declared as filterable"],
    [
      'has an unknown operator',
      { name: { $nin: ['a'] } },
      "Operator '$nin' is not supported for field 'name'",
    ],
    ['has an unknown combination', { $nor: [{ name: 'a' }] }, "Field '$nor' is not declared as filterable"],
    [
      'asks for a range of statuses',
      { status: { $gt: 'A' } },
      "Operator '$gt' is not supported for field 'status'",
    ],
    [
      'asks for the prefix of a status',
      { status: { $startsWith: 'F' } },
      "Operator '$startsWith' is not supported for field 'status'",
    ],
    [
      'asks for the prefix of an instant',
      { startedAt: { $startsWith: '2026' } },
      "Operator '$startsWith' is not supported for field 'startedAt'",
    ],
    [
      'asks workflows for $hasSome',
      { workflowId: { $hasSome: ['a'] } },
      "Operator '$hasSome' is not supported for field 'workflowId'",
    ],
    [
      'compares an instant with a word',
      { startedAt: { $gt: 'now' } },
      `Field 'startedAt' cannot be compared with "now"`,
    ],
    [
      'compares an instant with a date',
      { startedAt: '2026-09-14' },
      `Field 'startedAt' cannot be compared with "2026-09-14"`,
    ],
    ['compares a name with a number', { name: 5 }, "Field 'name' cannot be compared with 5"],
    ['compares a name with an object', { name: { a: 1 } }, `Field 'name' cannot be compared with {"a":1}`],
    ['gives $in no list', { status: { $in: 'FAILED' } }, 'A list of values is expected'],
    [
      'gives $exists no truth value',
      { name: { $exists: 1 } },
      "'$exists' of field 'name' must be true or false",
    ],
    ['gives a range no bound', { name: { $gt: null } }, 'A range needs a bound'],
    ['gives $and an object', { $and: { name: 'a' } }, "'$and' needs a list of at least one filter"],
    ['gives $or nothing', { $or: [] }, "'$or' needs a list of at least one filter"],
    ['gives $not a list', { $not: [{ name: 'a' }] }, 'A filter must be an object'],
    ['is no object', 'FAILED', 'A filter must be an object'],
  ])('%s', async (_, filter, description) => {
    const { refusal } = await openSandbox();
    expect(await refusal({ filter })).toEqual({
      status: 400,
      message: description,
      validationError: { fieldViolations: [{ field: 'query.filter', description }] },
    });
  });
});

describe('sorting', () => {
  test('is by any of the seven fields, both ways, absent values first and the id deciding last', async () => {
    const { all } = await openSandbox();
    const jobs = await all();
    const order = (left: Job[Field], right: Job[Field]): number => {
      if (left === null || right === null) return Number(left !== null) - Number(right !== null);
      return left < right ? -1 : left > right ? 1 : 0;
    };
    for (const field of fields) {
      for (const [direction, sign] of [
        ['ASC', 1],
        ['DESC', -1],
      ] as const) {
        const sorted = jobs.toSorted((a, b) => sign * order(a[field], b[field]) || order(a.id, b.id));
        const found = await all({ sort: [{ fieldName: field, order: direction }] });
        expect(idsOf(found), `${field} ${direction}`).toEqual(idsOf(sorted));
      }
    }
  });

  test('is by ascending id when nothing is said, and ascending when no order is', async () => {
    const { all } = await openSandbox();
    const ids = idsOf(await all());
    expect(ids).toEqual(ids.toSorted());
    expect(idsOf(await all({ sort: [{ fieldName: 'id' }] }))).toEqual(ids);
  });

  test('is by several fields in turn', async () => {
    const { all } = await openSandbox();
    const found = await all({ sort: [{ fieldName: 'status', order: 'DESC' }, { fieldName: 'startedAt' }] });
    for (const [index, job] of found.entries()) {
      const before = found[index - 1];
      if (before === undefined || before.status > job.status) continue;
      expect(before.status).toBe(job.status);
      expect(before.startedAt).toBeLessThanOrEqual(job.startedAt);
    }
  });

  test.each([
    ['by an unknown field', [{ fieldName: 'progress.current' }], 'query.sort'],
    ['without a field', [{}], 'query.sort'],
    ['in an unknown order', [{ fieldName: 'id', order: 'UP' }], 'query.sort[0].order'],
    ['by six fields', Array(6).fill({ fieldName: 'id' }), 'query.sort'],
    ['by no list', 'id', 'query.sort'],
  ])('%s is refused', async (_, sort, field) => {
    const { refusal } = await openSandbox();
    expect(await refusal({ sort })).toMatchObject({
      status: 400,
      validationError: { fieldViolations: [{ field }] },
    });
  });
});
