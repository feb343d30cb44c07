import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig, usage } from '../src/config.ts';
import { sandboxEnvironment } from '../src/sandbox/environment.ts';

const namesOf = (problems: readonly string[] = []) => problems.map((problem) => problem.split(':')[0]);

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({}).config).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      wixApiUrl: null,
      upstreamTimeoutMs: 10_000,
      upstreamRequestsPerMinute: 200,
      logLevel: 'info',
    });
  });

  it('is what the environment says', () => {
    const { config } = readConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      WIX_API_URL: 'https://www.wixapis.com/v1',
      UPSTREAM_TIMEOUT_MS: '1',
      UPSTREAM_REQUESTS_PER_MINUTE: '1000000',
      LOG_LEVEL: 'silent',
    });
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      wixApiUrl: new URL('https://www.wixapis.com/v1'),
      upstreamTimeoutMs: 1,
      upstreamRequestsPerMinute: 1_000_000,
      logLevel: 'silent',
    });
  });

  it('knows origins in the form that browsers write', () => {
    const { config } = readConfig({
      ALLOWED_ORIGINS: 'https://app.example.com, HTTPS://Other.Example.com:443/,http://localhost:3000',
    });
    expect(config?.allowedOrigins).toEqual([
      'https://app.example.com',
      'https://other.example.com',
      'http://localhost:3000',
    ]);
    expect(readConfig({}).config?.allowedOrigins).toEqual([]);
  });

  it.each([
    [{}, true, true],
    [{ HOST: '0.0.0.0' }, true, false],
    [{ WIX_API_URL: 'https://www.wixapis.com' }, true, true],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: 'localhost' }, true, true],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '::1' }, true, true],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '127.8.9.1' }, true, true],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '0.0.0.0' }, false, false],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '::' }, false, false],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '127.example.com' }, false, false],
    [{ WIX_API_URL: 'https://www.wixapis.com', HOST: '0.0.0.0', PLAYGROUND: 'true' }, true, false],
    [{ PLAYGROUND: 'false' }, false, true],
  ])('has a playground where it is for trying things out: %j', (env, playground, isLocal) => {
    expect(readConfig(env).config).toMatchObject({ playground, isLocal });
  });

  it('takes an empty value for none', () => {
    const empty = { PORT: '', HOST: '', WIX_API_URL: '', LOG_LEVEL: '', UPSTREAM_TIMEOUT_MS: '' };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('does not change afterwards', () => {
    expect(Object.isFrozen(readConfig({}).config)).toBe(true);
  });

  it.each([
    ['PORT', ['65536', '-1', '80.5', '0x50', ' 80', 'http', '1e3', '99999999999999']],
    ['UPSTREAM_TIMEOUT_MS', ['0', '600001', '10s', '-5']],
    ['UPSTREAM_REQUESTS_PER_MINUTE', ['0', '1000001', 'many']],
    ['LOG_LEVEL', ['loud', 'INFO', 'warning']],
    ['PLAYGROUND', ['yes', 'TRUE', '1']],
    [
      'ALLOWED_ORIGINS',
      [
        '*',
        'https://*.example.com',
        'null',
        'app.example.com',
        'https://app.example.com/path',
        'https://app.example.com,',
        'https://app.example.com,,https://other.example.com',
        'https://app.example.com https://other.example.com',
        'file:///index.html',
        'ws://app.example.com',
        'https://app.example.com:99999',
        'https://',
      ],
    ],
    ['WIX_API_URL', ['www.wixapis.com', 'ftp://wixapis.com', 'https://', 'file:///etc/passwd']],
  ])('refuses a wrong %s in one sentence that says what it got', (name, values) => {
    for (const value of values) {
      const { problems } = readConfig({ [name]: value });
      expect(namesOf(problems)).toEqual([name]);
      expect(problems?.[0]).toMatch(
        /^\w+: ".*" is not (a whole number from|an http or https|one of|true or false|a list of exact origins).*\.$/,
      );
    }
    expect(readConfig({ [name]: values[0] }).problems?.[0]).toContain(`"${values[0]}"`);
  });

  it('complains of everything at once', () => {
    const wrong = {
      PORT: 'a',
      WIX_API_URL: 'b',
      UPSTREAM_TIMEOUT_MS: 'c',
      LOG_LEVEL: 'd',
      HOST: 'localhost',
    };
    expect(namesOf(readConfig(wrong).problems)).toEqual([
      'PORT',
      'WIX_API_URL',
      'UPSTREAM_TIMEOUT_MS',
      'LOG_LEVEL',
    ]);
  });

  it('never repeats a password or a query', () => {
    for (const address of [
      'https://me:canary@www.wixapis.com',
      'https://canary@www.wixapis.com/',
      'https://www.wixapis.com/?token=canary',
      'me:canary@www.wixapis.com',
    ]) {
      const problem = readConfig({ WIX_API_URL: address }).problems?.[0];
      expect(problem).toMatch(/^WIX_API_URL: what it holds is not .* without user, password or query/);
      expect(problem).not.toContain('canary');
    }
  });

  it('has a port that can be opened, or complains, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.integer().map(String)), (PORT) => {
        const { config, problems } = readConfig({ PORT });
        if (!config) {
          expect(namesOf(problems)).toEqual(['PORT']);
          return;
        }
        expect(Number.isInteger(config.port) && config.port >= 0 && config.port < 65_536).toBe(true);
        expect(Number(PORT)).toBe(config.port);
      }),
    );
  });
});

it('explains every variable with its default', () => {
  const lines = usage(sandboxEnvironment.shape).split('\n');
  const explained = lines
    .slice(lines.findIndex((line) => line.startsWith('Environment')) + 1)
    .filter((line) => line !== '' && !line.startsWith('Of the sandbox'));
  expect(explained.length).toBeGreaterThan(5);
  for (const line of explained) expect(line).toMatch(/^ {2}[A-Z_]+ +[A-Z].*\. \[\S+\]$/);
  for (const [name, fallback] of [
    ['PORT', '4000'],
    ['HOST', '127.0.0.1'],
    ['WIX_API_URL', 'unset'],
    ['UPSTREAM_TIMEOUT_MS', '10000'],
    ['UPSTREAM_REQUESTS_PER_MINUTE', '200'],
    ['LOG_LEVEL', 'info'],
  ]) {
    expect(explained.find((line) => line.startsWith(`  ${name} `))).toContain(`[${fallback}]`);
  }
});
