import { describe, expect, test } from 'vitest';
import { collection, csv, into, openMover, uploadUrlPath } from './open-mover.ts';
import { jobsPath } from './open-sandbox.ts';

const guid = '5a0f7f5e-62c4-4a3e-8d0e-3d8c0f9a7b10';
const products = collection('products');
const pipeline = (aggregationPipeline: object) =>
  collection('products', { aggregationQuery: { aggregationPipeline } });
const path = 'source.wixDataCollection.aggregationQuery.aggregationPipeline';

type Expected = readonly [field: string, description: string, rule?: string];

const cases: [string, unknown, readonly Expected[]][] = [
  [
    'nothing',
    {},
    [
      ['source', 'is required', 'REQUIRED_FIELD'],
      ['destination', 'is required', 'REQUIRED_FIELD'],
    ],
  ],
  ['null for an end', { source: null, destination: csv }, [['source', 'is required', 'REQUIRED_FIELD']]],
  [
    'a source without a variant',
    { source: {}, destination: csv },
    [['source', 'must have exactly one of wixDataCollection, localization, file']],
  ],
  [
    'a source of a variant that no public method accepts',
    { source: { googleSheets: { spreadsheetId: 'x' } }, destination: csv },
    [['source', 'must have exactly one of wixDataCollection, localization, file']],
  ],
  [
    'a destination with two variants',
    { source: products, destination: { ...csv, ...into('imports') } },
    [['destination', 'must have exactly one of wixDataCollection, localization, file']],
  ],
  [
    'an empty collection id and a long file name',
    { source: collection(''), destination: { file: { format: 'CSV', fileName: 'x'.repeat(513) } } },
    [
      ['source.wixDataCollection.collectionId', 'must not be empty', 'MIN_LENGTH'],
      ['destination.file.fileName', 'size must be at most 512', 'MAX_LENGTH'],
    ],
  ],
  [
    'a long collection id',
    { source: products, destination: into('x'.repeat(257)) },
    [['destination.wixDataCollection.collectionId', 'size must be at most 256', 'MAX_LENGTH']],
  ],
  [
    'no file id',
    { source: { file: {} }, destination: into('imports') },
    [['source.file.fileId', 'is required', 'REQUIRED_FIELD']],
  ],
  [
    'a file format there is not',
    { source: { file: { fileId: 'x', format: 'XML' } }, destination: into('imports') },
    [['source.file.format', 'must be one of UNKNOWN, CSV, JSONL']],
  ],
  [
    'no format for the file to write',
    { source: products, destination: { file: {} } },
    [['destination.file.format', 'is required', 'REQUIRED_FIELD']],
  ],
  [
    'an unknown format for the file to write',
    { source: products, destination: { file: { format: 'UNKNOWN' } } },
    [['destination.file.format', 'must be one of CSV, JSONL']],
  ],
  [
    'a write policy there is not',
    { source: products, destination: into('imports', 'MERGE') },
    [
      [
        'destination.wixDataCollection.writePolicy',
        'must be one of OVERWRITE, SKIP_EXISTING, TRUNCATE_BEFORE',
      ],
    ],
  ],
  [
    'one language',
    { source: { localization: { languages: ['en'] } }, destination: csv },
    [['source.localization.languages', 'size must be at least 2', 'MIN_SIZE']],
  ],
  [
    'what is no language',
    { source: { localization: { languages: ['en', 'deutsch'] } }, destination: csv },
    [['source.localization.languages[1]', 'is not a language tag such as en or pt-BR', 'FORMAT']],
  ],
  [
    'a language twice',
    { source: { localization: { languages: ['en', 'en'] } }, destination: csv },
    [['source.localization.languages', 'has a language twice']],
  ],
  [
    'a name that is too long',
    { source: products, destination: csv, name: 'x'.repeat(1025) },
    [['name', 'size must be at most 1024', 'MAX_LENGTH']],
  ],
  [
    'a name that is a number',
    { source: products, destination: csv, name: 5 },
    [['name', 'must be a string']],
  ],
  [
    'both sites',
    { source: products, destination: into('imports'), sourceSiteId: guid, destinationSiteId: guid },
    [['destinationSiteId', 'cannot be sent beside sourceSiteId']],
  ],
  [
    'a site that is no GUID',
    { source: products, destination: into('imports'), sourceSiteId: 'x' },
    [['sourceSiteId', 'is not a valid GUID', 'FORMAT']],
  ],
  [
    'another site for a destination that is a file',
    { source: products, destination: csv, destinationSiteId: guid },
    [['destinationSiteId', 'needs a collection as the destination']],
  ],
  [
    'another site for a source that is no collection',
    { source: { localization: { languages: ['en', 'de'] } }, destination: csv, sourceSiteId: guid },
    [['sourceSiteId', 'needs a collection as the source']],
  ],
  [
    'both kinds of query',
    {
      source: collection('products', { filterQuery: {}, aggregationQuery: { aggregationPipeline: {} } }),
      destination: csv,
    },
    [['source.wixDataCollection', 'must have at most one of filterQuery, aggregationQuery']],
  ],
  [
    'the deprecated filter beside a filterQuery',
    { source: collection('products', { filterQuery: {}, filter: { a: 1 } }), destination: csv },
    [
      [
        'source.wixDataCollection',
        'The deprecated filter and fields cannot be sent beside filterQuery or aggregationQuery',
      ],
    ],
  ],
  [
    'a filter that is no object',
    { source: collection('products', { filterQuery: { filter: 'all' } }), destination: csv },
    [['source.wixDataCollection.filterQuery.filter', 'must be an object']],
  ],
  [
    'a stage with two operators',
    { source: pipeline({ stages: [{ limit: 1 }, { skip: 1, limit: 1 }] }), destination: csv },
    [[`${path}.stages[1]`, 'must have exactly one member']],
  ],
  [
    'an expression with two operators',
    {
      source: pipeline({
        stages: [{ addFields: { fields: [{ fieldName: 'x', expression: { text: 'a', numeric: 1 } }] } }],
      }),
      destination: csv,
    },
    [[`${path}.stages[0].addFields.fields[0].expression`, 'must have exactly one member']],
  ],
  [
    'an accumulator without a name for its result',
    { source: pipeline({ stages: [{ group: { accumulators: [{ sum: {} }] } }] }), destination: csv },
    [[`${path}.stages[0].group.accumulators[0].resultFieldName`, 'must not be empty']],
  ],
  [
    'both kinds of paging',
    { source: pipeline({ paging: { limit: 1 }, cursorPaging: { limit: 1 } }), destination: csv },
    [[path, 'must have at most one of paging, cursorPaging']],
  ],
  [
    'a hundred and one stages',
    { source: pipeline({ stages: Array(101).fill({ limit: 1 }) }), destination: csv },
    [[`${path}.stages`, 'size must be at most 100']],
  ],
  [
    'a negative limit',
    { source: pipeline({ stages: [{ limit: -1 }] }), destination: csv },
    [[`${path}.stages[0].limit`, 'must be a whole number']],
  ],
  [
    'half a sort order',
    {
      source: pipeline({ stages: [{ sort: { values: [{ fieldName: 'a', order: 'UP' }] } }] }),
      destination: csv,
    },
    [[`${path}.stages[0].sort.values[0].order`, 'must be ASC or DESC']],
  ],
];

describe('a submission is refused with 400 that has', () => {
  test.each(cases)('%s', async (_, body, violations) => {
    const { refusal } = await openMover();
    const { status, message, validationError } = await refusal(body);
    expect(status).toBe(400);
    expect(validationError?.fieldViolations.map((it) => [it.field, it.description])).toEqual(
      violations.map(([field, description]) => [field, description]),
    );
    const rules = validationError?.fieldViolations.map((it) => it['violatedRule']);
    expect(rules).toEqual(violations.map(([, , rule]) => rule));
    expect(message).toBe(violations[0]?.slice(0, 2).join(' '));
  });

  test('limits say which', async () => {
    const { refusal } = await openMover();
    expect(await refusal({ source: collection(''), destination: into('x'.repeat(257)) })).toMatchObject({
      validationError: { fieldViolations: [{ data: { threshold: 1 } }, { data: { threshold: 256 } }] },
    });
  });
});

test('a refused submission makes no job', async () => {
  const { refusal, post } = await openMover();
  await refusal({ source: {}, destination: {}, name: 'never' });
  const found = await post(`${jobsPath}/query`, { query: { filter: { name: 'never' } } });
  expect(await found.json()).toMatchObject({ jobs: [] });
});

test('what is empty counts as not sent', async () => {
  const { submit } = await openMover();
  const job = await submit({
    name: '',
    source: {
      wixDataCollection: { collectionId: 'products', filterQuery: { fields: null }, filter: {}, fields: [] },
      file: null,
    },
    destination: { file: { format: 'CSV', fileName: null, url: '' }, localization: null },
    sourceSiteId: '',
    destinationSiteId: null,
  });
  expect(job).toMatchObject({
    name: null,
    source: { wixDataCollection: { collectionId: 'products', filterQuery: { filter: {}, fields: [] } } },
    destination: csv,
  });
  expect(job).not.toHaveProperty('sourceSiteId');
});

test('read-only members of a submission are not taken over', async () => {
  const { run } = await openMover();
  const url = 'https://files.example.com/mine.csv';
  const { destination } = await run(collection('shops'), { file: { format: 'CSV', url } });
  expect(destination['file']?.['url']).not.toBe(url);
});

describe('an upload address', () => {
  test('is refused for a name past 512 characters, or one that is no text', async () => {
    const { post, refusalOf } = await openMover();
    for (const fileName of ['x'.repeat(513), 5]) {
      expect(await refusalOf(await post(uploadUrlPath, { fileName }))).toMatchObject({
        status: 400,
        validationError: { fieldViolations: [{ field: 'fileName' }] },
      });
    }
  });

  test.each([{}, { fileName: null }, { fileName: 'a/../b\\ü.csv' }, { fileName: '📚'.repeat(256) }])(
    'is given for %j',
    async (body) => {
      const { post } = await openMover();
      const { fileId, uploadUrl } = await (await post(uploadUrlPath, body)).json();
      expect(fileId).toMatch(/^imports\/[0-9a-f]{10}\/[^/\\]+$/);
      expect(fileId.length).toBeLessThanOrEqual(512);
      expect((await fetch(uploadUrl, { method: 'PUT', body: 'x' })).status).toBe(200);
    },
  );
});
