import { describe, expect, test } from 'vitest';
import { manyLogsJobId, showcaseJobId } from '../../src/sandbox/seed/landmarks.ts';
import { idsOf, jobsPath, openSandbox } from './open-sandbox.ts';

const nextOf = (page: { pagingMetadata: { cursors: { next?: string | null | undefined } } }): string => {
  const { next } = page.pagingMetadata.cursors;
  if (!next) throw new Error('There is no next page.');
  return next;
};

const violation = (field: string) => ({ status: 400, validationError: { fieldViolations: [{ field }] } });

describe('a walk through the jobs', () => {
  test.each([1, 2, 7, 33, 50, 99, 100])('by pages of %i visits each job exactly once', async (limit) => {
    const { all } = await openSandbox();
    const sort = [{ fieldName: 'status' }, { fieldName: 'startedAt', order: 'DESC' }];
    const inOne = idsOf(await all({ sort }));
    expect(new Set(inOne).size).toBe(inOne.length);
    expect(idsOf(await all({ sort }, limit))).toEqual(inOne);
  });

  test.each([[[{ fieldName: 'startedAt', order: 'DESC' }]], [[{ fieldName: 'name' }]], [[]]])(
    'stays in step while new jobs appear (sort %j)',
    async (sort) => {
      const { query, advance, all } = await openSandbox();
      const before = idsOf(await all());
      const seen: string[] = [];
      let page = await query({ sort, cursorPaging: { limit: 9 } });
      seen.push(...idsOf(page.jobs));
      while (page.pagingMetadata.hasNext) {
        advance(30);
        page = await query({ cursorPaging: { limit: 9, cursor: nextOf(page) } });
        seen.push(...idsOf(page.jobs));
      }
      expect((await all()).length).toBeGreaterThan(before.length);
      expect(new Set(seen).size).toBe(seen.length);
      expect(before.filter((id) => !seen.includes(id))).toEqual([]);
    },
  );

  test('goes back by the prev cursors over the same pages', async () => {
    const { query } = await openSandbox();
    const sort = [{ fieldName: 'name', order: 'DESC' }];
    const first = await query({ sort, cursorPaging: { limit: 10 } });
    const second = await query({ cursorPaging: { limit: 10, cursor: nextOf(first) } });
    const third = await query({ cursorPaging: { limit: 10, cursor: nextOf(second) } });
    const back = async ({ pagingMetadata }: typeof first) =>
      query({ cursorPaging: { limit: 10, cursor: pagingMetadata.cursors.prev ?? '' } });
    expect(first.pagingMetadata.cursors.prev).toBeNull();
    expect(await back(third)).toEqual(second);
    expect(await back(second)).toEqual(first);
  });

  test('keeps its filter', async () => {
    const { all } = await openSandbox();
    const filter = { status: 'COMPLETED', name: { $startsWith: 'n' } };
    const inOne = await all({ filter });
    expect(inOne.length).toBeGreaterThan(5);
    expect(await all({ filter }, 2)).toEqual(inOne);
  });

  test('tells the count of the page and whether there is more', async () => {
    const { query, all } = await openSandbox();
    const count = (await all()).length;
    const first = await query({});
    expect(first.pagingMetadata).toMatchObject({ count: 50, hasNext: true });
    const rest = await query({ cursorPaging: { cursor: nextOf(first) } });
    expect(rest.pagingMetadata).toMatchObject({ count: count - 50, cursors: { next: null }, hasNext: false });
  });
});

describe('paging is refused', () => {
  test.each([
    ['over 100 at a time', { cursorPaging: { limit: 101 } }, 'query.cursorPaging.limit'],
    ['by a negative limit', { cursorPaging: { limit: -1 } }, 'query.cursorPaging.limit'],
    ['by half a job', { cursorPaging: { limit: 1.5 } }, 'query.cursorPaging.limit'],
    ['by a word', { cursorPaging: { limit: 'ten' } }, 'query.cursorPaging.limit'],
    ['by a list', { cursorPaging: [10] }, 'query.cursorPaging'],
    ['with a cursor that is no text', { cursorPaging: { cursor: 5 } }, 'query.cursorPaging.cursor'],
    ['with a cursor nobody can read', { cursorPaging: { cursor: 'abc' } }, 'query.cursorPaging.cursor'],
    [
      'with a cursor past 16000 characters',
      { cursorPaging: { cursor: 'a'.repeat(16_001) } },
      'query.cursorPaging.cursor',
    ],
  ])('%s', async (_, query, field) => {
    const { refusal } = await openSandbox();
    expect(await refusal(query)).toMatchObject(violation(field));
  });

  test('with a cursor beside a filter or a sort', async () => {
    const { query, refusal } = await openSandbox();
    const cursor = nextOf(await query({ cursorPaging: { limit: 2 } }));
    const refused = violation('query.cursorPaging.cursor');
    expect(await refusal({ filter: { status: 'FAILED' }, cursorPaging: { cursor } })).toMatchObject(refused);
    expect(await refusal({ sort: [{ fieldName: 'id' }], cursorPaging: { cursor } })).toMatchObject(refused);
  });

  test('with a cursor of another operation', async () => {
    const { query, get, errorOf } = await openSandbox();
    const cursor = nextOf(await query({ filter: { status: 'COMPLETED' }, cursorPaging: { limit: 2 } }));
    expect(await errorOf(await get(`${jobsPath}?paging.cursor=${cursor}`))).toMatchObject(
      violation('paging.cursor'),
    );
  });

  test('with a long cursor in an address too', async () => {
    const { get, errorOf } = await openSandbox();
    const response = await get(`${jobsPath}?paging.cursor=${'a'.repeat(16_001)}`);
    expect(await errorOf(response)).toMatchObject(violation('paging.cursor'));
  });

  test('when the filter is too large for a cursor to carry', async () => {
    const { query, refusal, all } = await openSandbox();
    const ids = idsOf(await all());
    const filter = { id: { $in: [...ids, ...Array(300).fill(showcaseJobId)] } };
    expect(await refusal({ filter, cursorPaging: { limit: 5 } })).toMatchObject(violation('query.filter'));
    expect(
      (await query({ filter: { id: { $in: ids.slice(0, 100) } }, cursorPaging: { limit: 5 } })).jobs,
    ).toHaveLength(5);
  });
});

describe('the logs of a job', () => {
  test.each([1, 30, 100])('are all there, by pages of %i', async (limit) => {
    const { logs } = await openSandbox();
    const found: unknown[] = [];
    let page = await logs(manyLogsJobId, `paging.limit=${limit}`);
    found.push(...page.logs);
    while (page.pagingMetadata.hasNext) {
      page = await logs(manyLogsJobId, `paging.limit=${limit}&paging.cursor=${nextOf(page)}`);
      found.push(...page.logs);
    }
    expect(found).toHaveLength(380);
    expect(page.pagingMetadata.cursors).not.toHaveProperty('next');
  });

  test('come fifty at a time, with a way back', async () => {
    const { logs } = await openSandbox();
    const first = await logs(manyLogsJobId);
    expect(first.pagingMetadata).toMatchObject({ count: 50, hasNext: true });
    const second = await logs(manyLogsJobId, `paging.cursor=${nextOf(first)}`);
    expect(await logs(manyLogsJobId, `paging.cursor=${second.pagingMetadata.cursors.prev}`)).toEqual(first);
  });

  test('have cursors of their own', async () => {
    const { get, logs, errorOf } = await openSandbox();
    const cursor = nextOf(await logs(manyLogsJobId));
    const response = await get(`${jobsPath}/${showcaseJobId}/logs?paging.cursor=${cursor}`);
    expect(await errorOf(response)).toMatchObject(violation('paging.cursor'));
  });
});
