import { Pool } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from '../src/listen.ts';
import { exchange } from '../src/upstream/exchange.ts';

const openPool = async (answer: string) => {
  const { url, server } = await listen((_request, response) => response.end(answer), 0, '127.0.0.1');
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const pool = new Pool(url, { connections: 1 });
  onTestFinished(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { pool, connections: () => connections };
};

const patience = { timeoutMs: 5000, signal: undefined };
const request = { method: 'GET', path: '/' } as const;

it('gives what was read, fails with what reading failed with, and goes on with the connection', async () => {
  const { pool, connections } = await openPool('text');
  const read = () => exchange(pool, request, patience, ({ status, text }) => `${status} ${text}`);
  const fail = () =>
    exchange(pool, request, patience, () => {
      throw new Error('unreadable');
    });
  expect(await read()).toBe('200 text');
  await expect(fail()).rejects.toThrow('unreadable');
  expect(await read()).toBe('200 text');
  expect(connections()).toBe(1);
});
