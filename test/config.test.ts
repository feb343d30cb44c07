import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usage } from '../src/config/usage.ts';
import { readConfig } from '../src/config.ts';
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

  it('names a Redis only where replicas are to meet, and never tells its password', () => {
    expect(readConfig({}).config?.redis).toBeNull();
    expect(readConfig({ REDIS_URL: 'rediss://user:canary@redis:6380' }).config?.redis).toEqual({
      url: new URL('rediss://user:canary@redis:6380'),
      prefix: 'jobs-gateway:',
    });
    const { problems = [] } = readConfig({ REDIS_URL: 'http://user:canary@redis', REDIS_PREFIX: 'a b' });
    expect(namesOf(problems)).toEqual(['REDIS_URL', 'REDIS_PREFIX']);
    expect(problems.join()).not.toContain('canary');
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

describe('telemetry', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

  it.each([
    [{ METRICS_PORT: '4000' }, ['METRICS_PORT']],
    [{ METRICS_PORT: '9464', PORT: '9464', METRICS_HOST: '0.0.0.0' }, ['METRICS_PORT']],
    [{ METRICS_PORT: '9464' }, []],
    [{ METRICS_PORT: '0', PORT: '0' }, []],
    [{ METRICS_PORT: 'x', PORT: 'x' }, ['PORT', 'METRICS_PORT']],
  ])('has a port of its own, if any: %j', (env, names) => {
    expect(namesOf(readConfig(env).problems)).toEqual(names);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER_ARG: '0.1' }, ['OTEL_TRACES_SAMPLER_ARG']],
    [{ OTEL_TRACES_SAMPLER_ARG: '0.1', OTEL_TRACES_SAMPLER: 'always_on' }, ['OTEL_TRACES_SAMPLER_ARG']],
    [{ OTEL_TRACES_SAMPLER_ARG: '0.1', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, []],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, ['OTEL_EXPORTER_OTLP_PROTOCOL']],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }, []],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'],
    ],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, []],
  ])('that would be traced in another way than is asked for is refused: %j', (env, names) => {
    expect(namesOf(readConfig({ ...env, ...endpoint }).problems)).toEqual(names);
    // nothing is traced: then it does not matter
    expect(readConfig(env).problems).toBeUndefined();
    expect(readConfig({ ...env, ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }).problems).toBeUndefined();
  });
});

describe('the credentials', () => {
  const own = {
    'api-key': { WIX_API_KEY: 'key', WIX_SITE_ID: 'site' },
    app: { WIX_APP_ID: 'id', WIX_APP_SECRET: 'secret', WIX_INSTANCE_ID: 'instance' },
  };

  it('are those of each caller unless said otherwise', () => {
    expect(readConfig({}).config?.credentials).toEqual({ mode: 'passthrough' });
    const said = { WIX_AUTH: 'passthrough', WIX_AUTH_SCHEME: 'bearer', HOST: '0.0.0.0', WIX_API_KEY: '' };
    expect(readConfig(said).config?.credentials).toEqual({ mode: 'passthrough' });
  });

  it('are what the environment says', () => {
    expect(readConfig({ WIX_AUTH: 'api-key', ...own['api-key'] }).config?.credentials).toEqual({
      mode: 'api-key',
      scheme: 'bare',
      apiKey: 'key',
      siteId: 'site',
    });
    expect(
      readConfig({ WIX_AUTH: 'app', WIX_AUTH_SCHEME: 'bearer', ...own.app }).config?.credentials,
    ).toEqual({ mode: 'app', scheme: 'bearer', appId: 'id', appSecret: 'secret', instanceId: 'instance' });
  });

  it('are asked for one by one, beside whatever else is wrong', () => {
    expect(namesOf(readConfig({ WIX_AUTH: 'api-key', PORT: 'x', HOST: '0.0.0.0' }).problems)).toEqual([
      'PORT',
      'WIX_API_KEY',
      'WIX_SITE_ID',
      'HOST',
    ]);
    const { problems } = readConfig({ WIX_AUTH: 'app', WIX_APP_ID: 'id' });
    expect(problems).toEqual([
      'WIX_APP_SECRET: is missing, and WIX_AUTH=app needs it.',
      'WIX_INSTANCE_ID: is missing, and WIX_AUTH=app needs it.',
    ]);
  });

  it('are refused where nothing would use them', () => {
    expect(namesOf(readConfig({ ...own['api-key'], ...own.app }).problems)).toEqual([
      ...Object.keys(own['api-key']),
      ...Object.keys(own.app),
    ]);
    expect(readConfig({ WIX_AUTH: 'app', ...own.app, WIX_SITE_ID: 'site' }).problems).toEqual([
      'WIX_SITE_ID: is set, but only WIX_AUTH=api-key uses it and WIX_AUTH is app. Set WIX_AUTH=api-key, or leave it out.',
    ]);
  });

  it('are never repeated, not even from the wrong variable', () => {
    const names = [...Object.keys({ ...own['api-key'], ...own.app }), 'WIX_AUTH', 'WIX_AUTH_SCHEME'];
    for (const WIX_AUTH of [undefined, 'api-key', 'app', 'CANARY']) {
      const given = Object.fromEntries(names.map((name) => [name, 'CANARY\n']));
      const { problems } = readConfig({ ...given, ...(WIX_AUTH && { WIX_AUTH }) });
      expect(problems?.length).toBeGreaterThan(5);
      expect(problems?.join()).not.toContain('CANARY');
    }
  });

  const reachable = ['0.0.0.0', '::', '192.168.1.5', '128.0.0.1', 'example.com', 'localhost.example.com'];
  const loopback = ['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'LocalHost', ''];
  const acting = { WIX_AUTH: 'app', ...own.app };

  it.each(reachable)('of the gateway are not lent to whoever reaches %s', (HOST) => {
    const [problem, ...others] = readConfig({ ...acting, HOST }).problems ?? [];
    expect(problem).toMatch(/^HOST: .*gateway's own rights.*127\.0\.0\.1.*ALLOW_ANONYMOUS=true/);
    expect(others).toEqual([]);
    expect(
      namesOf(
        readConfig({ WIX_AUTH: 'api-key', ...own['api-key'], HOST, ALLOW_ANONYMOUS: 'false' }).problems,
      ),
    ).toEqual(['HOST']);
    expect(readConfig({ ...acting, HOST, ALLOW_ANONYMOUS: 'true' }).config?.host).toBe(HOST);
    expect(readConfig({ HOST }).config?.host).toBe(HOST);
  });

  it.each(loopback)('of the gateway serve this machine: %j', (HOST) => {
    expect(readConfig({ ...acting, HOST }).problems).toBeUndefined();
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

describe('WIX_WEBHOOK_PUBLIC_KEY', () => {
  const pem = { type: 'spki', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it('is the public key of an app, or unset', () => {
    expect(readConfig({}).config?.webhookPublicKey).toBeNull();
    const key = rsa.publicKey.export(pem).toString();
    expect(readConfig({ WIX_WEBHOOK_PUBLIC_KEY: key }).config?.webhookPublicKey).toMatchObject({
      type: 'public',
      asymmetricKeyType: 'rsa',
    });
  });

  it.each([
    ['no key', 'CANARY'],
    ['a broken one', '-----BEGIN PUBLIC KEY-----\nCANARY\n-----END PUBLIC KEY-----'],
    ['the private key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a key of another kind', generateKeyPairSync('ed25519').publicKey.export(pem).toString()],
    ['a short one', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(pem).toString()],
  ])('refuses %s without repeating it, beside all else', (_what, key) => {
    const { problems } = readConfig({ WIX_WEBHOOK_PUBLIC_KEY: key, PORT: 'x' });
    expect(namesOf(problems)).toEqual(['PORT', 'WIX_WEBHOOK_PUBLIC_KEY']);
    expect(problems?.[1]).toMatch(
      /^WIX_WEBHOOK_PUBLIC_KEY: what it holds is not the public key of the Wix app: /,
    );
    expect(problems?.[1]).not.toContain(key);
  });
});
