import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createGateway } from '../src/gateway.ts';
import { defaultWatch, usualDocuments, usualUpstream } from './support/gateway.ts';
import { transports } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';
import { type Sent, waysIn } from './support/send-over.ts';

const nameOf = 'query Name($id: ID!) { job(id: $id) { name } }';
const watch = 'subscription Watch($id: ID!) { jobUpdated(id: $id) { kind } }';
const stop = 'mutation Stop($id: ID!) { terminateJob(input: { id: $id }) { userErrors { code } } }';
const variables = { id: guid(0) };
const hash = (text: string, algorithm = 'sha256') => createHash(algorithm).update(text).digest('hex');

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'documents-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
};

const write = (name: string, content: unknown): string => {
  const path = join(folder(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

/** As the client preset of GraphQL Code Generator writes it, with its usual hash or with SHA-256; and Relay. */
const manifest = () =>
  write('persisted-documents.json', {
    [hash(nameOf)]: nameOf,
    [hash(nameOf, 'sha1')]: nameOf,
    [hash(nameOf, 'md5')]: nameOf,
    [`sha256:${hash(watch)}`]: watch,
    [hash(stop)]: stop,
  });

const open = async (env: Record<string, string>) => {
  const jobs = await startMovingJobs(1);
  return { jobs, ...(await openServer(jobs.url, env)) };
};

const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe.each(Object.entries(waysIn))('over %s', (way, send) => {
  it.each<[string, Sent]>([
    ['documentId', { documentId: hash(nameOf) }],
    ['documentId with the name of the hash', { documentId: `sha256:${hash(nameOf)}` }],
    ['documentId in capitals', { documentId: hash(nameOf).toUpperCase() }],
    ['documentId of GraphQL Code Generator', { documentId: hash(nameOf, 'sha1') }],
    ['doc_id, as in the examples of Relay', { doc_id: hash(nameOf, 'md5') }],
    ['the persistedQuery extension of Apollo and urql', persisted(hash(nameOf))],
    ['its id and its text', { documentId: hash(nameOf), query: nameOf }],
  ])('a trusted document is run by %s', async (_what, sent) => {
    const { url } = await open({ TRUSTED_DOCUMENTS: manifest(), TRUSTED_DOCUMENTS_ONLY: 'true' });
    expect(await send(url, { ...sent, variables })).toEqual({ data: { job: { name: 'Job 0' } } });
  });

  it.each<[string, string, Sent]>([
    ['another document', 'DOCUMENT_NOT_TRUSTED', { query: '{ job(id: "x") { id } }' }],
    ['the text of a trusted one', 'DOCUMENT_NOT_TRUSTED', { query: nameOf }],
    ['introspection', 'DOCUMENT_NOT_TRUSTED', { query: '{ __schema { types { name } } }' }],
    ['an id nobody gave', 'PERSISTED_QUERY_NOT_FOUND', { documentId: hash('other') }],
    [
      'a hash that matches its text but nobody gave',
      'PERSISTED_QUERY_NOT_FOUND',
      { query: '{ __typename }', ...persisted(hash('{ __typename }')) },
    ],
    ['a known id with another text', 'BAD_USER_INPUT', { documentId: hash(nameOf), query: stop }],
    ['an id that is a part of every object', 'PERSISTED_QUERY_NOT_FOUND', { documentId: 'constructor' }],
  ])('%s is refused where only trusted ones are run: %s', async (_what, code, sent) => {
    const { url, jobs } = await open({ TRUSTED_DOCUMENTS: manifest(), TRUSTED_DOCUMENTS_ONLY: 'true' });
    const { data, errors } = await send(url, { ...sent, variables });
    expect([data ?? null, errors?.map(({ extensions }) => extensions)]).toEqual([null, [{ code }]]);
    expect(jobs.count()).toBe(0);
  });

  it('other documents are run beside trusted ones unless refused', async () => {
    const { url } = await open({ TRUSTED_DOCUMENTS: manifest() });
    expect(await send(url, { query: '{ __typename }' })).toEqual({ data: { __typename: 'Query' } });
    const registering = { query: '{ __typename }', ...persisted(hash('{ __typename }')) };
    expect(await send(url, registering)).toEqual({ data: { __typename: 'Query' } });
  });

  it('clients that send a hash first are told to send the document', async () => {
    const { url } = await open({});
    const { errors } = await send(url, persisted(hash(nameOf)));
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    expect(errors?.[0].message).toContain('Send the document itself');
  });

  it('a trusted mutation is run, but never by GET', async () => {
    const { url } = await open({ TRUSTED_DOCUMENTS: manifest(), TRUSTED_DOCUMENTS_ONLY: 'true' });
    const { data, errors } = await send(url, { documentId: hash(stop), variables: { id: 'no guid' } });
    if (way === 'GET') expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    else expect(data?.terminateJob.userErrors).toEqual([{ code: 'INVALID_INPUT' }]);
  });

  it('a trusted document has the limits of all others', async () => {
    const dear = '{ jobs(first: 100) { nodes { logs { nodes { details } } } } }';
    const { url, jobs } = await open({ TRUSTED_DOCUMENTS: write('one.json', { dear }) });
    const { errors } = await send(url, { documentId: 'dear' });
    expect(errors?.[0].extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', cost: 101, limit: 100 });
    expect(jobs.count()).toBe(0);
  });
});

it.each(['a WebSocket', 'server-sent events'])('a trusted subscription is run over %s', async (way) => {
  const { url } = await open({ TRUSTED_DOCUMENTS: manifest(), TRUSTED_DOCUMENTS_ONLY: 'true' });
  const reply = await waysIn[way]?.(url, { documentId: hash(watch), variables });
  expect(reply).toEqual({ data: { jobUpdated: { kind: 'SNAPSHOT' } } });
  const told = await (await transports[way]?.(url, watch, { variables }))?.next();
  expect(told?.errors[0].extensions.code).toBe('DOCUMENT_NOT_TRUSTED');
});

it('a folder holds a file for each document', async () => {
  const path = folder();
  writeFileSync(join(path, `${hash(nameOf)}.graphql`), `${nameOf}\n`);
  writeFileSync(join(path, 'stop.gql'), stop);
  writeFileSync(join(path, 'README.md'), 'not one of them');
  const { url } = await open({ TRUSTED_DOCUMENTS: path, TRUSTED_DOCUMENTS_ONLY: 'true' });
  const post = waysIn['POST'];
  expect(await post?.(url, { documentId: hash(nameOf), variables })).toEqual({
    data: { job: { name: 'Job 0' } },
  });
  expect(await post?.(url, { documentId: 'stop', variables: { id: 'x' } })).toHaveProperty(
    'data.terminateJob',
  );
  expect(await post?.(url, { documentId: 'README' })).toHaveProperty('errors');
});

describe('a manifest that cannot be right is told at the start', () => {
  it.each<[string, () => string, string]>([
    ['no file', () => join(folder(), 'none.json'), 'it cannot be read (ENOENT)'],
    ['no JSON', () => write('a.json', 'query { a }'), 'it is not JSON'],
    ['a list', () => write('a.json', [nameOf]), 'it does not hold an object of ids and documents'],
    ['nothing', () => write('a.json', {}), 'it holds no documents'],
    ['an empty folder', () => folder(), 'it holds no documents'],
    [
      'a folder called like a document',
      () => {
        const path = folder();
        mkdirSync(join(path, 'a.graphql'));
        return path;
      },
      'it cannot be read (EISDIR)',
    ],
    ['a number', () => write('a.json', { one: 1 }), 'the document of one is no text'],
    ['a blank', () => write('a.json', { one: ' ' }), 'the document of one is no text'],
    [
      'a changed document',
      () => write('a.json', { [hash(nameOf)]: stop }),
      `${hash(nameOf)} is not the SHA-256 of its document: one of the two has been changed`,
    ],
    [
      'a changed document by an id in capitals',
      () => write('a.json', { [hash(nameOf).toUpperCase()]: stop }),
      `${hash(nameOf).toUpperCase()} is not the SHA-256 of its document: one of the two has been changed`,
    ],
    [
      'a changed document by its long id',
      () => write('a.json', { [`sha256:${hash(nameOf)}`]: stop }),
      `sha256:${hash(nameOf)} is not the SHA-256 of its document: one of the two has been changed`,
    ],
  ])('%s', (_what, make, reason) => {
    const path = make();
    const { problems } = readConfig({ TRUSTED_DOCUMENTS: path, PORT: 'x' });
    expect(problems).toEqual([
      expect.stringMatching(/^PORT: /),
      `TRUSTED_DOCUMENTS: ${JSON.stringify(path)} is not a manifest or folder of trusted documents: ${reason}.`,
    ]);
  });

  it('and so is running only trusted documents without having any', () => {
    expect(readConfig({ TRUSTED_DOCUMENTS_ONLY: 'true' }).problems).toEqual([
      'TRUSTED_DOCUMENTS_ONLY: "true" is not possible without TRUSTED_DOCUMENTS: nothing could be asked.',
    ]);
    expect(readConfig({ TRUSTED_DOCUMENTS_ONLY: 'yes' }).problems?.[0]).toContain('is not true or false');
  });

  it('documents that do not fit the graph are told in the log, and do not keep the others from being served', async () => {
    const { log, events } = memoryLog();
    const documents = new Map([
      ['old', '{ gone }'],
      ['broken', '{ jobs('],
      ['good', '{ __typename }'],
    ]);
    const gateway = createGateway({
      upstreamUrl: new URL('http://127.0.0.1:1'),
      log,
      watch: defaultWatch,
      ...usualUpstream,
      ...usualDocuments,
      trusted: { documents, only: true },
    });
    onTestFinished(() => gateway.close());
    expect(events(40).map(({ msg }) => msg)).toEqual([
      'The trusted document old does not fit the graph: Cannot query field "gone" on type "Query". Did you mean "node"?',
      'The trusted document broken is not GraphQL: Syntax Error: Expected Name, found <EOF>.',
    ]);
  });
});
