import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSandboxSettings } from '../../src/sandbox/environment.ts';
import { faultKinds } from '../../src/sandbox/http/faults.ts';

const privatePem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const usual = {
  speed: 1,
  latencyMs: 0,
  requestsPerMinute: null,
  faults: { share: 0, kinds: [...faultKinds] },
  terminated: 'vanish',
  tokenSeconds: 14_400,
  webhookUrl: null,
  webhookPrivateKey: null,
};

test('nothing, and what is empty, is usual: everything off', () => {
  expect(readSandboxSettings({})).toEqual({ settings: usual });
  expect(readSandboxSettings({ SANDBOX_SPEED: '', SANDBOX_FAULTS: '', SANDBOX_TERMINATED: '' })).toEqual({
    settings: usual,
  });
});

test('every setting has its variable', () => {
  expect(
    readSandboxSettings({
      SANDBOX_SPEED: '12.5',
      SANDBOX_LATENCY_MS: '150',
      SANDBOX_REQUESTS_PER_MINUTE: '200',
      SANDBOX_FAULT_SHARE: '0.25',
      SANDBOX_FAULTS: '500, cut',
      SANDBOX_TERMINATED: 'keep',
      SANDBOX_TOKEN_SECONDS: '2',
      SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:4000/webhooks/wix',
      SANDBOX_WEBHOOK_PRIVATE_KEY: privatePem,
      OTHER: 'x',
    }),
  ).toEqual({
    settings: {
      speed: 12.5,
      latencyMs: 150,
      requestsPerMinute: 200,
      faults: { share: 0.25, kinds: ['500', 'cut'] },
      terminated: 'keep',
      tokenSeconds: 2,
      webhookUrl: 'http://127.0.0.1:4000/webhooks/wix',
      webhookPrivateKey: expect.objectContaining({ type: 'private' }),
    },
  });
});

test('everything that is wrong is told at once, by the name of its variable', () => {
  expect(
    readSandboxSettings({
      SANDBOX_SPEED: 'fast',
      SANDBOX_LATENCY_MS: '-1',
      SANDBOX_REQUESTS_PER_MINUTE: '0',
      SANDBOX_FAULT_SHARE: '30%',
      SANDBOX_FAULTS: '500,404',
      SANDBOX_TERMINATED: 'gone',
      SANDBOX_TOKEN_SECONDS: '0',
      SANDBOX_WEBHOOK_URL: 'example.com',
      SANDBOX_WEBHOOK_PRIVATE_KEY: 'canary',
    }),
  ).toEqual({
    problems: [
      'SANDBOX_SPEED must be a number from 0.01 to 100000, not "fast".',
      'SANDBOX_LATENCY_MS must be a whole number from 0 to 60000, not "-1".',
      'SANDBOX_REQUESTS_PER_MINUTE must be a whole number from 1 to 999999, not "0".',
      'SANDBOX_FAULT_SHARE must be a number from 0 to 1, not "30%".',
      'SANDBOX_FAULTS must be a list such as 500,503,cut,lost,malformed, not "500,404".',
      'SANDBOX_TERMINATED must be vanish or keep, not "gone".',
      'SANDBOX_TOKEN_SECONDS must be a whole number from 1 to 86400, not "0".',
      'SANDBOX_WEBHOOK_URL must be an address such as http://127.0.0.1:4000/webhooks/wix, not "example.com".',
      'SANDBOX_WEBHOOK_PRIVATE_KEY must be an RSA private key, PEM or base64 of it, not what it holds.',
    ],
  });
});

test.each([
  ['SANDBOX_SPEED', '0'],
  ['SANDBOX_SPEED', '1e3'],
  ['SANDBOX_FAULT_SHARE', '1.1'],
  ['SANDBOX_LATENCY_MS', '0.5'],
])('%s=%s is refused', (name, value) => {
  expect(readSandboxSettings({ [name]: value }).problems).toHaveLength(1);
});
