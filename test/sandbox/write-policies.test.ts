import { describe, expect, test } from 'vitest';
import { longRunningJobId } from '../../src/sandbox/seed/landmarks.ts';
import { collection, into, openMover, otherSiteId } from './open-mover.ts';

const before = '_id,a,b\n1,old,kept\n2,old,kept\n';
const file = '_id,a\n2,new\n3,new\n3,newer\n';

const openWithRows = async () => {
  const mover = await openMover();
  await mover.importInto(before, into('imports'));
  return mover;
};

describe('into a collection that has items', () => {
  test('OVERWRITE replaces an item by the row of the same id, as a whole', async () => {
    const { importInto, items } = await openWithRows();
    expect(await importInto(file, into('imports', 'OVERWRITE'))).toMatchObject({
      progress: { current: 3, itemsSuccessful: 3, itemsRejected: 0 },
    });
    expect(await items('imports')).toEqual([
      { _id: '1', a: 'old', b: 'kept' },
      { _id: '2', a: 'new' },
      { _id: '3', a: 'newer' },
    ]);
  });

  test('OVERWRITE is what is done when nothing is said', async () => {
    const { importInto, items, job } = await openWithRows();
    const { id } = await importInto(file, collection('imports'));
    expect((await job(id)).destination).toEqual(into('imports', 'OVERWRITE'));
    expect(await items('imports')).toContainEqual({ _id: '2', a: 'new' });
  });

  test('SKIP_EXISTING keeps an item that is there; a skipped row neither arrived nor was rejected', async () => {
    const { importInto, items } = await openWithRows();
    expect(await importInto(file, into('imports', 'SKIP_EXISTING'))).toMatchObject({
      status: 'COMPLETED',
      progress: { current: 3, total: 3, itemsSuccessful: 1, itemsRejected: 0 },
      logsRecorded: 0,
    });
    expect(await items('imports')).toEqual([
      { _id: '1', a: 'old', b: 'kept' },
      { _id: '2', a: 'old', b: 'kept' },
      { _id: '3', a: 'new' },
    ]);
  });

  test('TRUNCATE_BEFORE leaves nothing but what was moved', async () => {
    const { importInto, items } = await openWithRows();
    await importInto(file, into('imports', 'TRUNCATE_BEFORE'));
    expect(await items('imports')).toEqual([
      { _id: '2', a: 'new' },
      { _id: '3', a: 'newer' },
    ]);
  });

  test('TRUNCATE_BEFORE of the source itself loses nothing', async () => {
    const { run, items } = await openWithRows();
    await run(collection('imports'), into('imports', 'TRUNCATE_BEFORE'));
    expect(await items('imports')).toHaveLength(2);
  });

  test('a job that fails before it begins truncates nothing', async () => {
    const { importInto, items } = await openWithRows();
    expect(await importInto('', into('imports', 'TRUNCATE_BEFORE'))).toMatchObject({ status: 'FAILED' });
    expect(await items('imports')).toHaveLength(2);
  });
});

describe('from collection to collection', () => {
  test('items are copied, filtered and reduced to the listed fields', async () => {
    const { run, items } = await openMover();
    const query = {
      filterQuery: { filter: { state: 'PAID' }, fields: ['_id', 'total', 'shipping.country'] },
    };
    const job = await run(collection('orders', query), into('imports'));
    expect(job).toMatchObject({ status: 'COMPLETED', progress: { current: 300, total: 300 } });
    const orders = (await items('orders')).filter(({ state }) => state === 'PAID');
    expect(await items('imports')).toEqual(
      orders.map(({ _id, total, shipping }) => ({
        _id,
        total,
        'shipping.country': Object(shipping).country,
      })),
    );
    expect(orders).toHaveLength(300);
  });

  test('texts take the types that the destination declares', async () => {
    const { importInto, run, items, logs } = await openMover();
    await importInto('_id,price,tags\n1,2.50,"[""x""]"\n2,free,[]\n', into('imports'));
    const { id } = await run(collection('imports'), into('products', 'TRUNCATE_BEFORE'));
    expect(await items('products')).toEqual([{ _id: '1', price: 2.5, tags: ['x'] }]);
    expect(await logs(id)).toMatchObject([{ sourceItemId: '2', failure: { data: { column: 'price' } } }]);
  });

  test('the collections of another site are reached from either end', async () => {
    const { importInto, run, items, site } = await openMover();
    const other = site(otherSiteId);
    await importInto(before, into('imports'));
    await run(collection('imports'), into('imports'), { destinationSiteId: otherSiteId.toUpperCase() });
    expect(await other.items('imports')).toEqual(await items('imports'));
    await other.importInto('_id,a\n9,there\n', into('search'));
    const job = await run(collection('search'), into('search'), { sourceSiteId: otherSiteId });
    expect(job).toMatchObject({ status: 'COMPLETED', sourceSiteId: otherSiteId });
    expect(await items('search')).toEqual([{ _id: '9', a: 'there' }]);
  });
});

describe('each site', () => {
  test('has collections of its own', async () => {
    const { importInto, items, site } = await openMover();
    await importInto('_id\n1\n', into('products', 'TRUNCATE_BEFORE'));
    expect(await items('products')).toHaveLength(1);
    expect(await site(otherSiteId).items('products')).toHaveLength(3000);
    expect(await site(otherSiteId.toUpperCase()).items('products')).toHaveLength(3000);
  });

  test('has submitted jobs of its own, and the jobs of the seed', async () => {
    const { run, call, site } = await openMover();
    const { id } = await run(collection('shops'), into('imports'));
    const other = site(otherSiteId);
    expect((await call(`/data-mover/v1/jobs/${id}`)).status).toBe(200);
    expect((await other.call(`/data-mover/v1/jobs/${id}`)).status).toBe(404);
    expect((await other.terminate(id)).status).toBe(404);
    expect((await other.call(`/data-mover/v1/jobs/${longRunningJobId}`)).status).toBe(200);
  });
});

describe('a job fails with WDH0001', () => {
  test.each<[string, object, object]>([
    ['that reads an unknown collection', collection('nowhere'), into('imports')],
    ['that writes into an unknown collection', collection('products'), into('nowhere')],
    ['that writes into a collection that cannot be written', collection('products'), into('bookings')],
    [
      'whose filter is not of the language',
      collection('products', { filterQuery: { filter: { name: { $like: 'x' } } } }),
      into('imports'),
    ],
    [
      'that names a language the site does not have',
      { localization: { languages: ['en', 'fi'] } },
      into('imports'),
    ],
  ])('%s', async (_, source, destination) => {
    const { run } = await openMover();
    expect(await run(source, destination)).toMatchObject({
      status: 'FAILED',
      progress: null,
      error: {
        code: 'WDH0001',
        description: 'The job definition is not valid.',
        data: { reason: expect.any(String) },
      },
    });
  });
});
