import { expect, test } from 'vitest';
import { collection, csv, into, openMover } from './open-mover.ts';

const texts = (...languages: readonly string[]) => ({ localization: { languages } });

test('the texts of the site are exported with a column for each language asked for', async () => {
  const { exported } = await openMover();
  const file = await exported(texts('en', 'de', 'pt-BR'), csv);
  expect(file.split('\n').slice(0, 3)).toEqual([
    '_id,collection,item,field,en,de,pt-BR',
    'categories/category-1/name,categories,category-1,name,Chair,Stuhl,',
    'categories/category-2/name,categories,category-2,name,Table,Tisch,Mesa',
  ]);
});

test('translations are imported; an empty cell and the main language change nothing', async () => {
  const { exported, importInto, logs } = await openMover();
  const file = [
    '_id,en,de,fr',
    'categories/category-1/name,Throne,,Trône',
    'categories/category-2/name,,Tafel,',
    'categories/category-99/name,x,y,z',
  ].join('\n');
  const { id, ...job } = await importInto(file, texts('en', 'de', 'fr'));
  expect(job).toMatchObject({ status: 'COMPLETED', progress: { itemsSuccessful: 2, itemsRejected: 1 } });
  expect(await logs(id)).toMatchObject([
    { sourceItemId: '3', failure: { code: 'WDH0003', data: { column: '_id' } } },
  ]);
  expect((await exported(texts('en', 'de', 'fr'), csv)).split('\n').slice(1, 3)).toEqual([
    'categories/category-1/name,categories,category-1,name,Chair,Stuhl,Trône',
    'categories/category-2/name,categories,category-2,name,Table,Tafel,Table',
  ]);
});

test('only the languages of the job are imported', async () => {
  const { exported, importInto } = await openMover();
  await importInto('_id,de,fr\ncategories/category-2/name,Tafel,Tablée\n', texts('en', 'fr'));
  expect((await exported(texts('en', 'de', 'fr'), csv)).split('\n')[2]).toContain('Table,Tisch,Tablée');
});

test('an export that somebody has translated comes back whole', async () => {
  const { exported, importInto } = await openMover();
  const before = await exported(texts('en', 'ja'), csv);
  const translated = before.replace('Chair,', 'Chair,いす');
  expect(await importInto(translated, texts('en', 'ja'))).toMatchObject({ progress: { itemsRejected: 0 } });
  expect(await exported(texts('en', 'ja'), csv)).toBe(translated);
});

test('texts go into a collection and come from one', async () => {
  const { run, items } = await openMover();
  await run(texts('en', 'fr'), into('translated-posts'));
  const posts = await items('translated-posts');
  expect(posts).toHaveLength(12);
  expect(posts[1]).toEqual({
    _id: 'categories/category-2/name',
    collection: 'categories',
    item: 'category-2',
    field: 'name',
    en: 'Table',
    fr: 'Table',
  });
  expect(await run(collection('translated-posts'), texts('en', 'fr'))).toMatchObject({
    progress: { itemsSuccessful: 12 },
  });
});

test('a text that is no text is rejected', async () => {
  const { importInto, logs } = await openMover();
  const { id } = await importInto('{"_id":"categories/category-1/name","fr":5}', texts('en', 'fr'));
  expect(await logs(id)).toMatchObject([{ failure: { code: 'WDH0003', data: { column: 'fr' } } }]);
});
