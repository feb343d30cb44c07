import { readSandboxSettings } from './environment.ts';
import { startSandbox } from './sandbox.ts';
import { longRunningJobId, showcaseJobId } from './seed/landmarks.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const refuse = (...reasons: readonly string[]): never => {
  process.stderr.write(`${reasons.join('\n')}\n`);
  process.exit(1);
};

const portText = process.env['SANDBOX_PORT'] || '4010';
const port = Number(portText);
const isPort = /^\d+$/.test(portText) && port <= 65_535;
const portProblems = isPort ? [] : [`SANDBOX_PORT must be a port number from 0 to 65535, not "${portText}".`];

const { settings, problems = [] } = readSandboxSettings(process.env);
if (settings === undefined || !isPort) process.exit(refuse(...portProblems, ...problems));

const host = process.env['HOST'] || '127.0.0.1';
const sandbox = await startSandbox({ port, host, ...settings }).catch((error: unknown) =>
  refuse(`The sandbox cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`),
);

const stop = (): void => {
  void sandbox.close().then(() => say('Sandbox stopped.'));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

const jobs = `${sandbox.url}/data-mover/v1/jobs`;
say(`Sandbox of the Wix Data Movement Jobs API at ${sandbox.url} (any Authorization header will do). Try:

  curl -H 'Authorization: any' '${jobs}?paging.limit=3'
  curl -H 'Authorization: any' ${jobs}/${showcaseJobId}
  curl -H 'Authorization: any' ${jobs}/${longRunningJobId}   # runs for a day
  curl ${sandbox.url}/_sandbox/calls                         # how often each operation was called

Or move something, here 3000 products into a file, and follow the job by its id; its url is the file:

  curl -H 'Authorization: any' ${jobs} -d '{"source":{"wixDataCollection":{"collectionId":"products"}},"destination":{"file":{"format":"CSV"}}}'

Ctrl-C stops it.`);
if (sandbox.webhookPublicKey !== null) {
  const pem = sandbox.webhookPublicKey.export({ type: 'spki', format: 'pem' }).toString();
  say(`
Events of jobs go to ${settings.webhookUrl}, signed. To verify them, start the gateway with

  WIX_WEBHOOK_PUBLIC_KEY=${Buffer.from(pem).toString('base64')}`);
}
