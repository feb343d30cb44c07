import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { showcaseJobId, showcaseScheduleId } from '../../src/sandbox/seed/landmarks.ts';
import { jobsPath, openSandbox, syncJobsPath } from './open-sandbox.ts';

test('calls are counted by operation, in every spelling, refused ones too', async () => {
  const { calls, get, post, url } = await openSandbox();
  await get(jobsPath);
  await post(`${jobsPath}/list`, {});
  await post(`${jobsPath}/query`, {});
  await get(`${jobsPath}/query`);
  await get(`${jobsPath}/query?query.filter.x=1`);
  await get(`${jobsPath}/${showcaseJobId}`);
  await get(`${jobsPath}/${showcaseJobId}/logs`);
  await get(syncJobsPath);
  await get(`${syncJobsPath}/${showcaseScheduleId}`);
  await fetch(`${url}${jobsPath}/${showcaseJobId}`);
  await get('/nowhere');
  const counts = {
    total: 10,
    byOperation: {
      ListJobs: 2,
      QueryJobs: 3,
      GetJob: 2,
      ListMovementLogs: 1,
      ListSyncJobs: 1,
      GetSyncJob: 1,
    },
  };
  expect(calls.toJSON()).toEqual(counts);
  expect(calls.total).toBe(10);
  expect(calls.of('QueryJobs')).toBe(3);
  expect(await (await fetch(`${url}/_sandbox/calls`)).json()).toEqual(counts);
  calls.reset();
  expect(calls.total).toBe(0);
  expect(calls.of('GetJob')).toBe(0);
});

test('it listens on the loopback interface, on a free port', async () => {
  const { url } = await openSandbox();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('closing ends idle connections and frees the port', async () => {
  const first = await startSandbox();
  const port = Number(new URL(first.url).port);
  const idle = connect(port, '127.0.0.1');
  const ended = new Promise((resolve) => idle.on('close', resolve));
  await new Promise((resolve) => idle.once('connect', resolve));
  await fetch(first.url);
  await first.close();
  await ended;
  await first.close();
  const second = await startSandbox({ port });
  expect(second.url).toBe(first.url);
  await second.close();
});

test('a port that is taken is an error', async () => {
  const { url } = await openSandbox();
  await expect(startSandbox({ port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
});
