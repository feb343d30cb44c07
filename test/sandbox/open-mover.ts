import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { errorBody, type Job, job, jobsPath, logs } from './open-sandbox.ts';

export const uploadUrlPath = '/data-mover/v1/temporary-files/upload-url';
export const otherSiteId = '5a0f7f5e-62c4-4a3e-8d0e-3d8c0f9a7b10';

/** So fast that a job takes no time but its own work. */
export const fast = { speed: 100_000 };

export const collection = (collectionId: string, query: object = {}) => ({
  wixDataCollection: { collectionId, ...query },
});
export const into = (collectionId: string, writePolicy = 'OVERWRITE') =>
  collection(collectionId, { writePolicy });
export const csv = { file: { format: 'CSV' } };
export const jsonl = { file: { format: 'JSONL' } };

const fileDestination = z.object({ file: z.object({ url: z.url() }) });
const uploadAddress = z.object({ fileId: z.string(), uploadUrl: z.url() });
const item = z.looseObject({});

export type Item = z.infer<typeof item>;
type Logs = z.infer<typeof logs>['logs'];

/** What a client of one site does with a sandbox; null is the site of a caller that names none. */
const clientOf = (url: string, siteId: string | null) => {
  const headers = { authorization: 'a token', ...(siteId && { 'wix-site-id': siteId }) };
  const call = (path: string, init: RequestInit = {}) => fetch(url + path, { headers, ...init });
  const post = (path: string, body: unknown) => call(path, { method: 'POST', body: JSON.stringify(body) });
  const jobOf = async (response: Response): Promise<Job> => {
    const body: unknown = await response.json();
    expect(response.status, JSON.stringify(body)).toBe(200);
    return z.object({ job }).parse(body).job;
  };

  const getJob = async (id: string) => jobOf(await call(`${jobsPath}/${id}`));
  const submit = async (body: object) => jobOf(await post(jobsPath, body));
  const ended = async (id: string): Promise<Job> => {
    let state = await getJob(id);
    while (state.finishedAt === null) state = await getJob(id);
    return state;
  };
  const run = async (source: object, destination: object, more: object = {}) =>
    ended((await submit({ source, destination, ...more })).id);

  const upload = async (
    content: string | Uint8Array<ArrayBuffer>,
    fileName = 'rows.csv',
  ): Promise<string> => {
    const { fileId, uploadUrl } = uploadAddress.parse(await (await post(uploadUrlPath, { fileName })).json());
    const stored = await fetch(uploadUrl, { method: 'PUT', body: content });
    expect(stored.status).toBe(200);
    return fileId;
  };
  const importInto = async (content: string | Uint8Array<ArrayBuffer>, destination: object) =>
    run({ file: { fileId: await upload(content) } }, destination);

  const fileOf = async ({ destination }: Job): Promise<string> => {
    const response = await fetch(fileDestination.parse(destination).file.url);
    expect(response.status).toBe(200);
    return response.text();
  };
  const exported = async (source: object, destination: object): Promise<string> => {
    const end = await run(source, destination);
    expect(end).toMatchObject({ status: 'COMPLETED' });
    return fileOf(end);
  };
  const items = async (source: object | string): Promise<Item[]> => {
    const text = await exported(typeof source === 'string' ? collection(source) : source, jsonl);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => item.parse(JSON.parse(line)));
  };
  const allLogs = async (id: string): Promise<Logs> => {
    const found: Logs = [];
    let cursor = '';
    do {
      const page = logs.parse(
        await (await call(`${jobsPath}/${id}/logs?paging.limit=100&paging.cursor=${cursor}`)).json(),
      );
      found.push(...page.logs);
      cursor = page.pagingMetadata.cursors.next ?? '';
    } while (cursor !== '');
    return found;
  };
  const refusalOf = async (response: Response) => {
    const { details, message } = errorBody.parse(await response.json());
    return { status: response.status, message, ...details };
  };
  return {
    call,
    post,
    job: getJob,
    submit,
    ended,
    run,
    upload,
    importInto,
    fileOf,
    exported,
    items,
    logs: allLogs,
    refusal: async (body: unknown) => refusalOf(await post(jobsPath, body)),
    refusalOf,
    terminate: (id: string) => post(`${jobsPath}/${id}/terminate`, { jobId: id }),
  };
};

export type Client = ReturnType<typeof clientOf>;

/** A sandbox that moves data in no time, and the client of a caller that names no site. */
export const openMover = async (options: SandboxOptions = {}) => {
  const sandbox = await startSandbox({ ...fast, ...options });
  onTestFinished(() => sandbox.close());
  return {
    ...sandbox,
    ...clientOf(sandbox.url, null),
    site: (siteId: string) => clientOf(sandbox.url, siteId),
  };
};
