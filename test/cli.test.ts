import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, start, urlOf } from './support/gateway-process.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);

const firstJob = '{ jobs(first: 1) { nodes { id } } }';

/** A port that something listens on until the test ends. */
const takenPort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const isFree = async (port: string) => {
  const server = createServer().listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
  return true;
};

describe('the command line', () => {
  it('explains itself on --help', async () => {
    const { code, out, err } = await start({
      args: ['--help'],
      env: { PORT: 'wrong', WIX_API_KEY: 'canary' },
    }).closed;
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('canary');
    for (const name of ['PORT', 'HOST', 'WIX_API_URL', 'WIX_AUTH', 'WIX_APP_SECRET', 'LOG_LEVEL']) {
      expect(out).toMatch(new RegExp(`^  ${name} .*\\[.+\\]$`, 'm'));
    }
  });

  it('refuses arguments that it does not know', async () => {
    const { code, out, err } = await start({ args: ['--prot=80'] }).closed;
    expect([code, out, err]).toEqual([1, '', 'Unknown argument --prot=80. --help says what there is.\n']);
  });

  it('names every variable that is wrong, at once and without a stack trace', async () => {
    const env = { PORT: 'http', WIX_API_URL: 'wixapis.com', UPSTREAM_TIMEOUT_MS: '0', LOG_LEVEL: 'info' };
    const { code, out, err } = await start({ env }).closed;
    expect([code, out]).toEqual([1, '']);
    const [heading, ...problems] = err.trimEnd().split('\n');
    expect(heading).toBe('The configuration is not valid:');
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      '  PORT',
      '  WIX_API_URL',
      '  UPSTREAM_TIMEOUT_MS',
    ]);
  });
});

describe('a start that fails', () => {
  it('says that it would lend its rights to other machines, with what else is wrong, and no secret', async () => {
    const env = {
      HOST: '0.0.0.0',
      PORT: '0',
      WIX_AUTH: 'app',
      WIX_APP_SECRET: 'canary',
      WIX_API_KEY: 'canary',
    };
    const { code, out, err } = await start({ env }).closed;
    expect([code, out]).toEqual([1, '']);
    const [, ...problems] = err.trimEnd().split('\n');
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      '  WIX_APP_ID',
      '  WIX_INSTANCE_ID',
      '  WIX_API_KEY',
      '  HOST',
    ]);
    expect(err).toContain('ALLOW_ANONYMOUS=true');
    expect(err).not.toContain('canary');
  });

  it('says in one sentence that the port is taken', async () => {
    const port = String(await takenPort());
    const { code, out, err } = await start({ env: { PORT: port } }).closed;
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(new RegExp(`^PORT: ${port} is already in use on 127\\.0\\.0\\.1\\. .*\\n$`));
  });

  it('says in one sentence that the host is not here', async () => {
    const { code, out, err } = await start({ env: { PORT: '0', HOST: '192.0.2.1' } }).closed;
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^HOST: 192\.0\.2\.1 is not an address of this machine\. .*\n$/);
  });

  it.each(['HOST', 'METRICS_HOST'])(
    'says of which port it is that the host is not here: %s',
    async (name) => {
      const env = { PORT: '0', METRICS_PORT: '0', [name]: '192.0.2.1' };
      const { code, out, err } = await start({ env: { ...env, LOG_LEVEL: 'warn' } }).closed;
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(
        new RegExp(`^${name}: 192\\.0\\.2\\.1 is not an address of this machine\\. .*\\n$`),
      );
    },
  );

  it('says that the port of the metrics is taken', async () => {
    const port = String(await takenPort());
    const { code, err } = await start({ env: { PORT: '0', METRICS_PORT: port } }).closed;
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^METRICS_PORT: ${port} is already in use on 127\\.0\\.0\\.1\\. `)),
    ]);
  });
});

describe('a running gateway', () => {
  it('says where it listens and that it is a sandbox, answers without a credential, and stops when told', async () => {
    const gateway = start({ env: { PORT: '0' } });
    const url = await urlOf(gateway);
    const port = /^http:\/\/127\.0\.0\.1:(\d+)\/graphql$/.exec(url)?.[1] ?? '';
    expect(Number(port)).toBeGreaterThan(0);
    expect((await gateway.logged(/SANDBOX/)).msg).toContain('WIX_API_URL');
    expect((await ask(url, firstJob)).data.jobs.nodes).toHaveLength(1);
    gateway.kill('SIGTERM');
    expect(await gateway.closed).toMatchObject({ code: 0, signal: null, err: '' });
    expect(await isFree(port)).toBe(true);
  });

  it('has neither sandbox nor demo credential where a Wix address is given', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href } });
    const url = await urlOf(gateway);
    const { errors } = await ask(url, firstJob);
    expect(errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(upstream.count()).toBe(0);
    expect((await ask(url, firstJob, { authorization: 'canary' })).data.jobs.nodes).toEqual([]);
    expect(upstream.calls[0]?.headers.authorization).toBe('canary');
    gateway.kill('SIGINT');
    const { code, out, err } = await gateway.closed;
    expect(code).toBe(0);
    expect(out + err).not.toMatch(/sandbox|canary/i);
    expect(out).toContain(upstream.url.origin);
    expect(out).toContain('callers bring their own Wix credential');
  });

  it.each([
    [
      'its own API key on site site-1',
      { WIX_AUTH: 'api-key', WIX_API_KEY: 'canary-key', WIX_SITE_ID: 'site-1' },
    ],
    [
      'app app-1 on its instance instance-1',
      {
        WIX_AUTH: 'app',
        WIX_APP_ID: 'app-1',
        WIX_APP_SECRET: 'canary-secret',
        WIX_INSTANCE_ID: 'instance-1',
      },
    ],
  ])('says that it acts with %s, and nothing secret', async (said, env) => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'CreateAccessToken' ? { json: { access_token: 'canary-token' } } : jobsPage([]),
    );
    const gateway = start({
      env: { PORT: '0', WIX_API_URL: upstream.url.href, LOG_LEVEL: 'trace', ...env },
    });
    const url = await urlOf(gateway);
    expect((await gateway.logged(/^Credentials/)).msg).toContain(said);
    expect((await ask(url, firstJob)).data.jobs.nodes).toEqual([]);
    expect(upstream.calls.at(-1)?.headers.authorization).toMatch(/^canary-(key|token)$/);
    gateway.kill('SIGTERM');
    const { code, out, err } = await gateway.closed;
    expect(code).toBe(0);
    expect(out + err).not.toContain('canary');
  });

  it('answers what is under way before it stops, and waits for nothing else', async () => {
    const { promise: asked, resolve: noteCall } = Promise.withResolvers<void>();
    const { promise: stopping, resolve: answer } = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async () => {
      noteCall();
      await stopping;
      return jobsPage([]);
    });
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href } });
    const reply = ask(await urlOf(gateway), firstJob, { authorization: 'any' });
    await asked;
    gateway.kill('SIGTERM');
    const told = await gateway.logged(/SIGTERM: stopping/);
    answer();
    expect((await reply).data.jobs.nodes).toEqual([]);
    expect((await gateway.closed).code).toBe(0);
    const stopped = await gateway.logged(/^Stopped$/);
    // the client keeps its connection alive for some 4 seconds; that is not waited for
    expect(Date.parse(stopped.time) - Date.parse(told.time)).toBeLessThan(2_000);
  });

  it('stops at once when told twice', async () => {
    const { promise: asked, resolve: noteCall } = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(() => {
      noteCall();
      return 'hang';
    });
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href } });
    const reply = ask(await urlOf(gateway), firstJob, { authorization: 'any' }).catch(() => 'cut off');
    await asked;
    gateway.kill('SIGTERM');
    await gateway.logged(/SIGTERM: stopping/);
    gateway.kill('SIGTERM');
    expect((await gateway.closed).code).toBe(1);
    expect(await reply).toBe('cut off');
  });
});

describe('the build', () => {
  it('runs as plain JavaScript', async () => {
    const home = await mkdtemp(join(tmpdir(), 'gateway-build-'));
    onTestFinished(() => rm(home, { recursive: true }));
    const dist = join(home, 'dist');
    const build = ['-p', join(root, 'tsconfig.build.json'), '--outDir', dist];
    await promisify(execFile)(bin('tsc'), build).catch(({ stdout }) => expect.fail(stdout));
    await copyFile(join(root, 'package.json'), join(home, 'package.json'));
    await symlink(join(root, 'node_modules'), join(home, 'node_modules'));
    const gateway = start({ entry: join(dist, 'main.js'), env: { PORT: '0' } });
    const url = await urlOf(gateway);
    expect((await ask(url, firstJob)).data.jobs.nodes).toHaveLength(1);
    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(200);
    gateway.kill('SIGTERM');
    expect((await gateway.closed).code).toBe(0);
  });
});
