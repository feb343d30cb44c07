import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

const root = join(import.meta.dirname, '..');

const run = async (url: string) => {
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'scripts/watch.ts'), 'some-job'], {
    env: { PATH: process.env['PATH'] ?? '', GATEWAY_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
};

const eventOf = (status: string, name: string) => ({
  kind: 'PROGRESS',
  job: {
    name,
    status,
    isFinished: status === 'COMPLETED',
    durationSeconds: 3,
    progress: null,
    error: null,
    partialSuccessCause: null,
    destination: null,
  },
});

/** As much of a gateway as a subscription needs; what follows its event is for the test to say. */
const answer = (socket: WebSocket, event: object, then: (id: string) => void): void => {
  socket.on('message', (data) => {
    const { type, id } = JSON.parse(String(data));
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type !== 'subscribe') return;
    const payload = { data: { jobUpdated: event } };
    socket.send(JSON.stringify({ type: 'next', id, payload }), () => then(id));
  });
};

/** Which connections, counted from 1, find a gateway that answers. */
const openGateway = async (isThere: (connection: number) => boolean) => {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
  let connections = 0;
  server.on('upgrade', (request, socket, head) => {
    connections += 1;
    if (!isThere(connections)) {
      socket.destroy();
      return;
    }
    const isFirst = connections === 1;
    sockets.handleUpgrade(request, socket, head, (opened) => {
      if (isFirst) answer(opened, eventOf('IN_PROGRESS', 'a\u001b[2J\nb'), () => opened.terminate());
      else {
        answer(opened, eventOf('COMPLETED', 'again'), (id) =>
          opened.send(JSON.stringify({ type: 'complete', id })),
        );
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/graphql`, connections: () => connections };
};

test('the watch finds a gateway again that broke off and refused connections for a while', async () => {
  const gateway = await openGateway((connection) => connection === 1 || connection > 3);
  const { code, out, err } = await run(gateway.url);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(gateway.connections()).toBe(4);
  expect(out).toContain('IN_PROGRESS');
  expect(out).toContain('COMPLETED after 3 s');
  expect(out.split('\n')[0]).toBe('a [2J b');
});

test('where no gateway ever answered the watch ends at once', async () => {
  const gateway = await openGateway(() => false);
  expect(await run(gateway.url)).toMatchObject({
    code: 1,
    err: expect.stringContaining('Cannot watch some-job'),
  });
  expect(gateway.connections()).toBe(1);
});
