import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openSandbox } from './open-sandbox.ts';

const main = fileURLToPath(new URL('../../src/sandbox/main.ts', import.meta.url));

const launch = (environment: NodeJS.ProcessEnv) => {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.error += text;
  });
  return { child, output, exited: once(child, 'exit') };
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  'it says where it listens and stops cleanly on %s',
  async (signal) => {
    const { child, output, exited } = launch({ SANDBOX_PORT: '0' });
    await once(child.stdout, 'data');
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.out) ?? [];
    expect((await fetch(`${url}/_sandbox/calls`)).status).toBe(200);
    expect(output.out).toContain('curl');
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
  },
);

test.each(['http', '70000', '-1'])('port %s is refused in one line', async (port) => {
  const { output, exited } = launch({ SANDBOX_PORT: port });
  expect(await exited).toEqual([1, null]);
  expect(output.error).toBe(`SANDBOX_PORT must be a port number from 0 to 65535, not "${port}".\n`);
});

test('what is wrong with the settings is told a line each, and nothing is started', async () => {
  const { output, exited } = launch({ SANDBOX_PORT: 'x', SANDBOX_SPEED: 'fast', SANDBOX_TERMINATED: 'gone' });
  expect(await exited).toEqual([1, null]);
  expect(output).toEqual({
    out: '',
    error: [
      'SANDBOX_PORT must be a port number from 0 to 65535, not "x".',
      'SANDBOX_SPEED must be a number from 0.01 to 100000, not "fast".',
      'SANDBOX_TERMINATED must be vanish or keep, not "gone".',
      '',
    ].join('\n'),
  });
});

test('it works as the settings say', async () => {
  const { child, output } = launch({ SANDBOX_PORT: '0', SANDBOX_REQUESTS_PER_MINUTE: '1' });
  await once(child.stdout, 'data');
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.out) ?? [];
  const jobs = () => fetch(`${url}/data-mover/v1/jobs`, { headers: { authorization: 'x' } });
  expect((await jobs()).status).toBe(200);
  expect((await jobs()).status).toBe(429);
});

test('a port that is taken is told in one line', async () => {
  const { url } = await openSandbox();
  const { port } = new URL(url);
  const { output, exited } = launch({ SANDBOX_PORT: port });
  expect(await exited).toEqual([1, null]);
  expect(output.error).toMatch(
    new RegExp(`^The sandbox cannot listen on 127.0.0.1:${port}: .*EADDRINUSE.*\n$`),
  );
});
