import { describe, expect, it } from 'vitest';
import type { Job } from '../src/domain/job.ts';
import type { NewJob } from '../src/domain/new-job.ts';
import { unsharedSubmits } from '../src/writes/shared-submits.ts';
import { createSubmitter } from '../src/writes/submit-job.ts';
import { createSubmitMemories } from '../src/writes/submit-memory.ts';
import { createHastyClock } from './support/fake-clock.ts';
import { openGateway as open, type TestOptions } from './support/gateway.ts';
import { job } from './support/live-upstream.ts';
import { guid, jobRow, jobsPage, notFound, type Row, scheduleRow } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

/** Waiting for an answer that is lost takes seconds; here it takes none. */
const openGateway = (url: URL | string, options: TestOptions = {}) =>
  open(url, { clock: createHastyClock(), ...options });

const submit = `mutation Submit($input: SubmitJobInput!) {
  submitJob(input: $input) { job { id name status } replayed userErrors { code path message } }
}`;

const wanted = {
  name: 'Import price list',
  source: { file: { fileId: 'imports/1/prices.csv', format: 'CSV' } },
  destination: { wixDataCollection: { collectionId: 'products', writePolicy: 'SKIP_EXISTING' } },
};

/** An upstream that makes jobs, and answers a submit as the script says: after making the job, or before. */
const makingJobs = (
  answer: (n: number, job: Row) => { readonly made: boolean; readonly reply: Reply | null },
) => {
  const jobs: Row[] = [];
  let submits = 0;
  const reply = (call: UpstreamCall): Reply => {
    if (call.operation === 'SubmitJob') {
      submits += 1;
      const job = jobRow(submits, {
        ...call.body,
        status: 'INITIALIZING',
        startedAt: new Date().toISOString(),
        finishedAt: null,
      });
      const { made, reply } = answer(submits, job);
      if (made) jobs.push(job);
      return reply ?? { json: { job } };
    }
    if (call.operation === 'GetJob') {
      const found = jobs.find(({ id }) => call.path.endsWith(id));
      return found ? { json: { job: found } } : notFound;
    }
    const { filter } = call.body.query;
    const found = jobs.filter(
      (job) =>
        (!filter.name || job.name === filter.name.$eq) && job.startedAt >= (filter.startedAt?.$gte ?? ''),
    );
    return jobsPage(found);
  };
  return { jobs, reply };
};

describe('submitting', () => {
  it('sends upstream what was asked, and answers with the job', async () => {
    const { jobs, reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(reply);
    const { data, errors } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(errors).toBeUndefined();
    expect(data.submitJob).toEqual({
      job: { id: jobs[0].id, name: 'Import price list', status: 'INITIALIZING' },
      replayed: false,
      userErrors: [],
    });
    expect(upstream.calls.map(({ body }) => body)).toEqual([wanted]);
  });

  it.each([
    [
      {
        source: {
          wixDataCollection: {
            collectionId: 'a',
            query: { filterQuery: { filter: { $x: { value: 1 } }, fields: ['_id'] } },
          },
        },
      },
      {
        source: {
          wixDataCollection: {
            collectionId: 'a',
            filterQuery: { filter: { $x: { value: 1 } }, fields: ['_id'] },
          },
        },
      },
    ],
    [
      {
        source: {
          wixDataCollection: {
            collectionId: 'a',
            query: {
              aggregationQuery: { aggregationPipeline: { stages: [{ limit: 3 }] }, fields: [{ key: 'k' }] },
            },
          },
        },
      },
      {
        source: {
          wixDataCollection: {
            collectionId: 'a',
            aggregationQuery: {
              aggregationPipeline: { stages: [{ limit: 3 }] },
              fields: [{ key: 'k', fieldType: 'ANY' }],
            },
          },
        },
      },
    ],
    [
      { destination: { wixDataCollection: { collectionId: 'b' } } },
      { destination: { wixDataCollection: { collectionId: 'b', writePolicy: 'OVERWRITE' } } },
    ],
    [
      { destination: { file: { format: 'JSONL', fileName: 'out.jsonl' } } },
      { destination: { file: { format: 'JSONL', fileName: 'out.jsonl' } } },
    ],
    [
      { source: { localization: { languages: ['en', 'pt-BR'] } } },
      { source: { localization: { languages: ['en', 'pt-BR'] } } },
    ],
    [{ siteOverride: { destinationSiteId: guid(9) } }, { destinationSiteId: guid(9) }],
  ])('translates %j', async (part, sent) => {
    const { reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(reply);
    const { data } = await openGateway(upstream.url).ask(submit, {
      variables: { input: { ...wanted, ...part } },
    });
    expect(data.submitJob.userErrors).toEqual([]);
    expect(upstream.calls[0]?.body).toEqual({ ...wanted, ...sent });
  });

  const long = (length: number) => 'x'.repeat(length);
  it.each<[string, object, string[][]]>([
    ['a name of 1025 characters', { name: long(1025) }, [['name']]],
    [
      'an empty collection id',
      { source: { wixDataCollection: { collectionId: '' } } },
      [['source', 'wixDataCollection', 'collectionId']],
    ],
    [
      'a collection id of 257 characters',
      { destination: { wixDataCollection: { collectionId: long(257) } } },
      [['destination', 'wixDataCollection', 'collectionId']],
    ],
    [
      'one language',
      { source: { localization: { languages: ['en'] } } },
      [['source', 'localization', 'languages']],
    ],
    [
      '65 languages',
      { source: { localization: { languages: Array(65).fill('en') } } },
      [['source', 'localization', 'languages']],
    ],
    [
      'what is no language tag',
      { source: { localization: { languages: ['en', 'german', 'e'] } } },
      [
        ['source', 'localization', 'languages', '1'],
        ['source', 'localization', 'languages', '2'],
      ],
    ],
    [
      'a format that cannot be written',
      { destination: { file: { format: 'UNKNOWN' } } },
      [['destination', 'file', 'format']],
    ],
    [
      'a format that cannot be read',
      { source: { file: { fileId: 'f', format: 'UNRECOGNIZED' } } },
      [['source', 'file', 'format']],
    ],
    [
      'a file name of 513 characters',
      { destination: { file: { format: 'CSV', fileName: long(513) } } },
      [['destination', 'file', 'fileName']],
    ],
    [
      '1001 fields',
      {
        source: {
          wixDataCollection: { collectionId: 'a', query: { filterQuery: { fields: Array(1001).fill('f') } } },
        },
      },
      [['source', 'wixDataCollection', 'query', 'filterQuery', 'fields']],
    ],
    [
      'a policy that cannot be asked for',
      { destination: { wixDataCollection: { collectionId: 'a', writePolicy: 'UNRECOGNIZED' } } },
      [['destination', 'wixDataCollection', 'writePolicy']],
    ],
    [
      'another site for a file',
      { siteOverride: { sourceSiteId: guid(1) } },
      [['siteOverride', 'sourceSiteId']],
    ],
    [
      'another site for an export',
      { destination: { file: { format: 'CSV' } }, siteOverride: { destinationSiteId: guid(1) } },
      [['siteOverride', 'destinationSiteId']],
    ],
    [
      'a site id that is no GUID',
      { siteOverride: { destinationSiteId: 'mine' } },
      [['siteOverride', 'destinationSiteId']],
    ],
    ['an empty idempotency key', { idempotencyKey: '' }, [['idempotencyKey']]],
    [
      'several mistakes at once',
      { name: long(1025), destination: { file: { format: 'UNKNOWN', fileName: long(513) } } },
      [['name'], ['destination', 'file', 'format'], ['destination', 'file', 'fileName']],
    ],
  ])('refuses %s before asking upstream', async (_what, part, paths) => {
    const upstream = await startScriptedUpstream(() => 'reset');
    const { data, errors } = await openGateway(upstream.url).ask(submit, {
      variables: { input: { ...wanted, ...part } },
    });
    expect(errors).toBeUndefined();
    expect(data.submitJob.job).toBeNull();
    expect(data.submitJob.userErrors.map(({ path }: Row) => path)).toEqual(paths);
    expect(new Set(data.submitJob.userErrors.map(({ code }: Row) => code))).toEqual(
      new Set(['INVALID_INPUT']),
    );
    expect(upstream.count()).toBe(0);
  });

  it.each([
    ['two sources', { source: { file: { fileId: 'f' }, localization: { languages: ['en', 'de'] } } }],
    ['no source', { source: {} }],
    ['a null beside the source', { source: { file: { fileId: 'f' }, localization: null } }],
    ['both sites', { siteOverride: { sourceSiteId: guid(1), destinationSiteId: guid(2) } }],
  ])('cannot even be asked for %s', async (_what, part) => {
    const upstream = await startScriptedUpstream(() => 'reset');
    const { data, errors } = await openGateway(upstream.url).ask(submit, {
      variables: { input: { ...wanted, ...part } },
    });
    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it("translates the paths of upstream's violations", async () => {
    const violation = (field: string) => ({ field, description: `no good ${field}` });
    const upstream = await startScriptedUpstream(() => ({
      status: 400,
      json: {
        message: 'canary',
        details: {
          validationError: {
            fieldViolations: [
              violation('source.wixDataCollection.filterQuery.filter'),
              violation('destination.file.fileName'),
              violation('source.localization.languages[1]'),
              violation('destinationSiteId'),
            ],
          },
        },
      },
    }));
    const { data, errors } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(errors).toBeUndefined();
    expect(data.submitJob.userErrors.map(({ code, path }: Row) => [code, path.join('/')])).toEqual([
      ['INVALID_INPUT', 'source/wixDataCollection/query/filterQuery/filter'],
      ['INVALID_INPUT', 'destination/file/fileName'],
      ['INVALID_INPUT', 'source/localization/languages/1'],
      ['INVALID_INPUT', 'siteOverride/destinationSiteId'],
    ]);
    expect(JSON.stringify(data)).not.toContain('canary');
  });

  it("tells upstream's own refusal as REJECTED", async () => {
    const upstream = await startScriptedUpstream(() => ({
      status: 400,
      json: {
        details: {
          applicationError: { code: 'WDH0001', description: 'The collection is read-only.', data: {} },
        },
      },
    }));
    const { data } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(data.submitJob.userErrors).toEqual([
      { code: 'REJECTED', path: null, message: 'Wix refused this: The collection is read-only. (WDH0001)' },
    ]);
  });

  it.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
    [429, 'RATE_LIMITED'],
  ])('tells a %d as an error, and sends it once', async (status, code) => {
    const upstream = await startScriptedUpstream(() => ({ status, json: {} }));
    const { data, errors } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(data.submitJob).toBeNull();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(upstream.count()).toBe(1);
  });

  it('runs two submits one after the other, and a failing second leaves the first', async () => {
    const { jobs, reply } = makingJobs((n) =>
      n === 1 ? { made: true, reply: null } : { made: false, reply: { status: 403, json: {} } },
    );
    const upstream = await startScriptedUpstream(reply);
    const { data, errors } = await openGateway(upstream.url).ask(
      'mutation ($input: SubmitJobInput!) { a: submitJob(input: $input) { job { id } } b: submitJob(input: $input) { job { id } } }',
      { variables: { input: wanted } },
    );
    expect(data).toEqual({ a: { job: { id: jobs[0].id } }, b: null });
    expect(errors?.map(({ path }) => path)).toEqual([['b']]);
  });
});

describe('what is read after a write', () => {
  const terminate = (name: string, fields: string) =>
    `${name}: terminateJob(input: { id: "${guid(0)}" }) { job { ${fields} } }`;

  it.each([
    ['a page of jobs', 'schedule { jobs(first: 5) { nodes { name } } }', 'schedule.jobs.nodes.0.name'],
    ['the jobs of a workflow', 'workflowJobs { name }', 'workflowJobs.0.name'],
    ['a schedule', 'schedule { name }', 'schedule.name'],
  ])('is %s as it is after that one, not as after the one before', async (_what, fields, path) => {
    let writes = 0;
    const row = () =>
      jobRow(0, {
        name: `after ${writes}`,
        status: 'IN_PROGRESS',
        finishedAt: null,
        workflowId: guid(1, 'workflow'),
        scheduleId: guid(1, 'schedule'),
      });
    const upstream = await startScriptedUpstream(({ operation }) => {
      if (operation === 'TerminateJob') writes += 1;
      if (operation === 'QueryJobs') return jobsPage([row()]);
      if (operation === 'GetSyncJob') {
        return { json: { syncJob: { ...scheduleRow(1), name: `after ${writes}` } } };
      }
      return { json: { job: row() } };
    });
    const { data, errors } = await openGateway(upstream.url).ask(
      `mutation { ${terminate('one', fields)} ${terminate('two', fields)} }`,
    );
    expect(errors).toBeUndefined();
    const told = (name: string) => path.split('.').reduce((value, key) => value[key], data[name].job);
    expect([told('one'), told('two')]).toEqual(['after 1', 'after 2']);
  });

  it('is forgotten by a submit as well, whatever came of it', async () => {
    let submits = 0;
    const upstream = await startScriptedUpstream(({ operation }) => {
      const job = jobRow(submits, { workflowId: guid(1, 'workflow') });
      if (operation === 'QueryJobs') return jobsPage([{ ...job, name: `after ${submits}` }]);
      submits += 1;
      return { json: { job } };
    });
    const one = (name: string) => `${name}: submitJob(input: $input) { job { workflowJobs { name } } }`;
    const { data } = await openGateway(upstream.url).ask(
      `mutation ($input: SubmitJobInput!) { ${one('one')} ${one('two')} }`,
      { variables: { input: wanted } },
    );
    expect([data.one, data.two]).toMatchObject(
      [1, 2].map((n) => ({ job: { workflowJobs: [{ name: `after ${n}` }] } })),
    );
  });
});

describe('a fault of the network', () => {
  it.each<[string, Reply]>([
    ['the connection is cut', 'reset'],
    ['upstream says 500', { status: 500, text: '' }],
    ['upstream says 503 with a page', { status: 503, text: '<html>' }],
    ['the answer makes no sense', { status: 200, text: '{"job":' }],
  ])('finds the job that was made when %s', async (_what, fault) => {
    const { jobs, reply } = makingJobs(() => ({ made: true, reply: fault }));
    const upstream = await startScriptedUpstream(reply);
    const { data, errors } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(errors).toBeUndefined();
    expect(data.submitJob).toMatchObject({ job: { id: jobs[0].id }, replayed: false, userErrors: [] });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('finds an export whose file name upstream has chosen', async () => {
    const { jobs, reply } = makingJobs((_n, job) => {
      job.destination.file.fileName = 'export-1.csv';
      return { made: true, reply: 'reset' };
    });
    const upstream = await startScriptedUpstream(reply);
    const input = { ...wanted, destination: { file: { format: 'CSV' } } };
    const { data } = await openGateway(upstream.url).ask(submit, { variables: { input } });
    expect(data.submitJob.job.id).toBe(jobs[0].id);
  });

  it.each([
    ['all of a collection', undefined, []],
    ['some fields', { filterQuery: { fields: ['_id'] } }, ['_id']],
  ])('finds an export of %s, to which upstream adds an empty filter', async (_what, query, fields) => {
    const { jobs, reply } = makingJobs((_n, job) => {
      job.source.wixDataCollection.filterQuery = { filter: {}, fields };
      return { made: true, reply: 'reset' };
    });
    const upstream = await startScriptedUpstream(reply);
    const source = { wixDataCollection: { collectionId: 'products', query } };
    const input = { ...wanted, source, destination: { file: { format: 'CSV' } } };
    const { data } = await openGateway(upstream.url).ask(submit, { variables: { input } });
    expect(data.submitJob?.job.id).toBe(jobs[0].id);
  });

  it('finds it after a time-out', async () => {
    const { jobs, reply } = makingJobs(() => ({ made: true, reply: 'hang' }));
    const upstream = await startScriptedUpstream(reply);
    const { data } = await openGateway(upstream.url, { upstreamTimeoutMs: 100 }).ask(submit, {
      variables: { input: wanted },
    });
    expect(data.submitJob.job.id).toBe(jobs[0].id);
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('says OUTCOME_UNKNOWN when no job is found, and never sends again', async () => {
    const { reply } = makingJobs(() => ({ made: false, reply: 'reset' }));
    const upstream = await startScriptedUpstream(reply);
    const { data, errors } = await openGateway(upstream.url).ask(submit, { variables: { input: wanted } });
    expect(data.submitJob).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    expect(errors?.[0]?.message).toContain('idempotencyKey');
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('takes no job for its own that is another, however alike', async () => {
    const { jobs, reply } = makingJobs((n, job) => {
      if (n === 1) return { made: true, reply: null };
      // an alike job of somebody else, and one that differs in its destination
      jobs.push(
        { ...job, id: guid(50) },
        { ...job, id: guid(51) },
        { ...job, id: guid(52), destination: { file: { format: 'CSV' } } },
      );
      return { made: false, reply: 'reset' };
    });
    const upstream = await startScriptedUpstream(reply);
    const gateway = openGateway(upstream.url);
    await gateway.ask(submit, { variables: { input: wanted } });
    const { errors } = await gateway.ask(submit, { variables: { input: wanted } });
    expect(errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
  });

  it('sends again only what never left', async () => {
    const { errors } = await openGateway('http://127.0.0.1:1').ask(submit, { variables: { input: wanted } });
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_UNAVAILABLE');
  });
});

describe('an idempotency key', () => {
  const input = { ...wanted, idempotencyKey: 'order 66' };

  it('gives the first job again, as it is now', async () => {
    const { jobs, reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(reply);
    const gateway = openGateway(upstream.url);
    const first = await gateway.ask(submit, { variables: { input } });
    jobs[0].status = 'COMPLETED';
    const again = await gateway.ask(submit, { variables: { input } });
    expect(again.data.submitJob).toEqual({
      job: { ...first.data.submitJob.job, status: 'COMPLETED' },
      replayed: true,
      userErrors: [],
    });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('makes one job of two calls that race', async () => {
    const { reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(reply);
    const gateway = openGateway(upstream.url);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => gateway.ask(submit, { variables: { input } })),
    );
    expect(new Set(answers.map(({ data }) => data.submitJob.job.id)).size).toBe(1);
    expect(answers.map(({ data }) => data.submitJob.replayed).toSorted()).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('serves whoever comes after the first client went away in the middle', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { jobs, reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(async (call) => {
      if (call.operation === 'SubmitJob') {
        asked.resolve();
        await answer.promise;
      }
      return reply(call);
    });
    const gateway = openGateway(upstream.url);
    const client = new AbortController();
    const first = gateway.fetch(
      new Request('http://gateway/graphql', {
        method: 'POST',
        signal: client.signal,
        headers: { 'content-type': 'application/json', authorization: 'test-credential' },
        body: JSON.stringify({ query: submit, variables: { input } }),
      }),
    );
    first.catch(() => undefined);
    await asked.promise;
    client.abort();
    const again = gateway.ask(submit, { variables: { input } });
    answer.resolve();
    expect((await again).data.submitJob).toMatchObject({ replayed: true, job: { id: guid(1) } });
    expect(jobs).toHaveLength(1);
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('is a CONFLICT with another input, and free for another caller', async () => {
    const { reply } = makingJobs(() => ({ made: true, reply: null }));
    const upstream = await startScriptedUpstream(reply);
    const gateway = openGateway(upstream.url);
    await gateway.ask(submit, { variables: { input } });
    const other = { ...input, name: 'Something else' };
    const { data } = await gateway.ask(submit, { variables: { input: other } });
    expect(data.submitJob).toMatchObject({
      job: null,
      userErrors: [{ code: 'CONFLICT', path: ['idempotencyKey'] }],
    });
    const elsewhere = await gateway.ask(submit, {
      variables: { input: other },
      authorization: 'somebody else',
    });
    expect(elsewhere.data.submitJob).toMatchObject({ replayed: false, userErrors: [] });
  });

  it('stays free after a refusal, and looks again after an unknown outcome instead of sending again', async () => {
    const { jobs, reply } = makingJobs((n) =>
      n === 1
        ? {
            made: false,
            reply: { status: 400, json: { details: { applicationError: { code: 'WDH0001' } } } },
          }
        : { made: false, reply: 'reset' },
    );
    const upstream = await startScriptedUpstream(reply);
    const gateway = openGateway(upstream.url);
    const refused = await gateway.ask(submit, { variables: { input } });
    expect(refused.data.submitJob.userErrors[0].code).toBe('REJECTED');
    const unknown = await gateway.ask(submit, { variables: { input } });
    expect(unknown.errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    // it had arrived after all, and shows only now
    jobs.push(jobRow(77, { ...wanted, startedAt: new Date().toISOString() }));
    const found = await gateway.ask(submit, { variables: { input } });
    expect(found.data.submitJob).toMatchObject({ replayed: true, job: { id: guid(77) } });
    expect(upstream.count('SubmitJob')).toBe(2);
  });

  it('gives two submits of the same never one job', async () => {
    const answer = Promise.withResolvers<void>();
    const { jobs, reply } = makingJobs((n) =>
      n === 1 ? { made: true, reply: null } : { made: false, reply: 'reset' },
    );
    const asked = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async (call) => {
      const said = reply(call);
      if (call.operation === 'SubmitJob' && jobs.length === 1 && upstream.count('SubmitJob') === 1) {
        asked.resolve();
        await answer.promise;
      }
      return said;
    });
    const gateway = openGateway(upstream.url);
    const first = gateway.ask(submit, { variables: { input: { ...wanted, idempotencyKey: 'a' } } });
    await asked.promise;
    const second = await gateway.ask(submit, { variables: { input: { ...wanted, idempotencyKey: 'b' } } });
    expect(second.errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    answer.resolve();
    expect((await first).data.submitJob.job.id).toBe(jobs[0].id);
  });
});

describe('an idempotency key that another replica may have used alone', () => {
  const wanted: NewJob = {
    name: 'Import',
    source: { kind: 'file', fileId: 'f', format: null, url: null },
    destination: { kind: 'localization', languages: ['en'] },
    sourceSiteId: null,
    destinationSiteId: null,
  };
  const alike = (n: number) => job(n, wanted);
  /** So many pages of jobs, which one of them knows. */
  const openSubmit = (pages: readonly (readonly Job[])[], known: readonly Job[] = []) => {
    const submit = createSubmitter({
      jobs: {
        submit: async () => alike(99),
        get: async () => null,
        query: async (_query, { cursor }) => {
          const at = Number(cursor ?? 0);
          return { rows: pages[at] ?? [], next: at + 1 < pages.length ? String(at + 1) : null };
        },
      },
      memory: createSubmitMemories(Date.now)('caller', 'principal'),
      others: {
        ...unsharedSubmits.as('caller', 'principal'),
        claim: async () => 'unsure',
        isTaken: async (id) => known.some((each) => each.id === id),
      },
      clock: createHastyClock(),
    });
    return submit(wanted, 'key');
  };

  it('is used when none of the new jobs is like this one, or those are of other keys', async () => {
    expect(await openSubmit([[job(0)], [alike(1)]], [alike(1)])).toMatchObject({ replayed: false });
  });

  it('is not used when one is, on whatever page, or there are more than can be looked through', async () => {
    const unknown = { code: 'OUTCOME_UNKNOWN' };
    await expect(openSubmit([[job(0)], [alike(1), alike(2)]], [alike(1)])).rejects.toMatchObject(unknown);
    await expect(openSubmit(Array.from({ length: 11 }, (_, n) => [job(n)]))).rejects.toMatchObject(unknown);
  });
});

describe('terminating', () => {
  const terminate = `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { id status } userErrors { code path } } }`;
  const running = jobRow(0, { status: 'IN_PROGRESS', finishedAt: null });

  it('gives the job as it is afterwards', async () => {
    const upstream = await startScriptedUpstream(() => ({ json: { job: running } }));
    const { data } = await openGateway(upstream.url).ask(terminate);
    expect(data.terminateJob).toEqual({ job: { id: guid(0), status: 'IN_PROGRESS' }, userErrors: [] });
    expect(upstream.calls[0]?.body).toEqual({ jobId: guid(0) });
  });

  it('gives the last known state of a job that vanished by it', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'GetJob' ? notFound : { json: { job: running } },
    );
    const { data } = await openGateway(upstream.url).ask(terminate);
    expect(data.terminateJob).toEqual({ job: { id: guid(0), status: 'IN_PROGRESS' }, userErrors: [] });
  });

  it.each<[string, (call: UpstreamCall) => Reply, string, boolean]>([
    ['is not there', () => notFound, 'NOT_FOUND', false],
    [
      'had finished, as upstream refuses',
      ({ operation }) => (operation === 'GetJob' ? { json: { job: jobRow(0) } } : { status: 428, json: {} }),
      'ALREADY_FINISHED',
      true,
    ],
    ['had finished, as upstream accepts', () => ({ json: { job: jobRow(0) } }), 'ALREADY_FINISHED', true],
    [
      'cannot be terminated for another reason',
      ({ operation }) => (operation === 'GetJob' ? { json: { job: running } } : { status: 428, json: {} }),
      'REJECTED',
      false,
    ],
  ])('tells when the job %s', async (_what, reply, code, hasJob) => {
    const upstream = await startScriptedUpstream(reply);
    const { data, errors } = await openGateway(upstream.url).ask(terminate);
    expect(errors).toBeUndefined();
    expect(data.terminateJob.userErrors[0].code).toBe(code);
    expect(data.terminateJob.job !== null).toBe(hasJob);
  });

  it('does not ask upstream about what is no GUID', async () => {
    const upstream = await startScriptedUpstream(() => 'reset');
    const { data } = await openGateway(upstream.url).ask(terminate.replace(guid(0), 'nope'));
    expect(data.terminateJob.userErrors).toEqual([{ code: 'INVALID_INPUT', path: ['id'] }]);
    expect(upstream.count()).toBe(0);
  });

  it('looks at the job when no answer came', async () => {
    const outcomes: [Reply, string | undefined][] = [
      [notFound, undefined],
      [{ json: { job: running } }, 'OUTCOME_UNKNOWN'],
    ];
    for (const [afterwards, code] of outcomes) {
      const upstream = await startScriptedUpstream(({ operation }) =>
        operation === 'GetJob' ? afterwards : 'reset',
      );
      const { errors } = await openGateway(upstream.url).ask(terminate);
      expect(errors?.[0]?.extensions.code).toBe(code);
      expect(upstream.count('TerminateJob')).toBe(1);
    }
  });
});

describe('a place for a file', () => {
  const create =
    'mutation ($name: String) { createFileUploadUrl(input: { fileName: $name }) { fileId uploadUrl expiresAt userErrors { code path } } }';
  const answer = { fileId: 'imports/1/a.csv', uploadUrl: 'https://uploads.example.com/1?signature=x' };

  it('is given with the time it lasts', async () => {
    const start = Date.UTC(2026, 8, 14);
    const upstream = await startScriptedUpstream(() => ({ json: answer }));
    const { data } = await openGateway(upstream.url, { now: () => start }).ask(create, {
      variables: { name: 'a.csv' },
    });
    expect(data.createFileUploadUrl).toEqual({
      ...answer,
      expiresAt: '2026-09-14T00:15:00.000Z',
      userErrors: [],
    });
    expect(upstream.calls[0]?.body).toEqual({ fileName: 'a.csv' });
  });

  it('refuses a name of 513 characters', async () => {
    const upstream = await startScriptedUpstream(() => 'reset');
    const { data } = await openGateway(upstream.url).ask(create, { variables: { name: 'x'.repeat(513) } });
    expect(data.createFileUploadUrl.userErrors).toEqual([{ code: 'INVALID_INPUT', path: ['fileName'] }]);
    expect(upstream.count()).toBe(0);
  });
});
