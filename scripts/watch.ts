/**
 * Watches one job in the terminal until it ends: npm run watch -- <job id>
 *
 * An example of the client side: graphql-ws over a plain WebSocket, connecting again by itself when the connection
 * breaks. GATEWAY_URL names another gateway than http://127.0.0.1:4000/graphql; WIX_AUTHORIZATION and WIX_SITE_ID are
 * sent as credentials where the gateway wants them.
 */
import { setTimeout } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const query = `subscription Watch($id: ID!) {
  jobUpdated(id: $id) {
    kind
    job {
      name
      status
      isFinished
      durationSeconds
      progress { current total percent itemsRejected unitsPerSecond }
      error { code description help }
      partialSuccessCause
      destination { ... on FileDestination { url } }
    }
  }
}`;

interface Watched {
  readonly kind: string;
  readonly job: {
    readonly name: string | null;
    readonly status: string;
    readonly isFinished: boolean;
    readonly durationSeconds: number | null;
    readonly progress: {
      readonly current: number | null;
      readonly total: number | null;
      readonly percent: number | null;
      readonly itemsRejected: number | null;
      readonly unitsPerSecond: number | null;
    } | null;
    readonly error: {
      readonly code: string | null;
      readonly description: string | null;
      readonly help: string | null;
    } | null;
    readonly partialSuccessCause: string | null;
    readonly destination: { readonly url?: string | null } | null;
  };
}

const barWidth = 30;
const isTerminal = process.stdout.isTTY === true;

const bar = (percent: number | null): string => {
  if (percent === null) return ' '.repeat(barWidth);
  const full = Math.round((percent / 100) * barWidth);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
};

const line = ({ kind, job }: Watched): string => {
  const { progress, status } = job;
  const parts = [status.padEnd(20), bar(progress?.percent ?? null)];
  if (progress?.percent != null) parts.push(`${progress.percent.toFixed(0).padStart(3)} %`);
  if (progress?.current != null)
    parts.push(`${progress.current}${progress.total === null ? '' : ` of ${progress.total}`}`);
  if (progress?.itemsRejected) parts.push(`${progress.itemsRejected} rejected`);
  if (kind === 'STALE') parts.push('(no news from Wix)');
  return parts.join('  ');
};

/** One line that changes in a terminal; a line for each event elsewhere. */
const draw = (text: string): void => {
  process.stdout.write(isTerminal ? `\r\x1b[2K${text}` : `${text}\n`);
};

const ending = ({ kind, job }: Watched): string[] => {
  if (kind === 'DELETED') return ['The job is gone: it was terminated.'];
  if (!job.isFinished) return ['The watch ended before the job did. Run it again to go on watching.'];
  const { status, error, partialSuccessCause, destination, durationSeconds } = job;
  return [
    `${status} after ${durationSeconds ?? '?'} s`,
    ...(error
      ? [`${error.code ?? ''} ${error.description ?? ''}`.trim(), ...(error.help ? [error.help] : [])]
      : []),
    ...(partialSuccessCause ? [partialSuccessCause] : []),
    ...(destination?.url ? [`Download: ${destination.url}`] : []),
  ];
};

/** What others named a job or a file is no command to the terminal. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');

const say = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.map(plain).join('\n')}\n`);
};

const longestRetryMs = 15_000;

const watch = async (url: string, id: string): Promise<number> => {
  const { WIX_AUTHORIZATION: authorization, WIX_SITE_ID: siteId } = process.env;
  let hasConnected = false;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 10,
    // A gateway that starts again refuses connections for a while; one that never answered has another address.
    shouldRetry: () => hasConnected,
    retryWait: (retries) => setTimeout(Math.min(250 * 2 ** retries, longestRetryMs)),
    on: {
      connected: () => {
        hasConnected = true;
      },
    },
    connectionParams: {
      ...(authorization ? { authorization } : {}),
      ...(siteId ? { 'wix-site-id': siteId } : {}),
    },
  });
  process.once('SIGINT', () => void client.dispose());
  let last: Watched | undefined;
  try {
    for await (const { data, errors } of client.iterate<{ jobUpdated: Watched }>({
      query,
      variables: { id },
    })) {
      if (errors) throw errors;
      if (!data) continue;
      if (last === undefined) say([data.jobUpdated.job.name ?? id]);
      last = data.jobUpdated;
      draw(line(last));
    }
  } catch (error) {
    const [first] = Array.isArray(error) ? error : [error];
    const reason =
      typeof first === 'object' && first !== null && 'message' in first ? first.message : 'no connection';
    process.stderr.write(`${plain(`Cannot watch ${id} at ${url}: ${reason}`)}\n`);
    return 1;
  } finally {
    await client.dispose();
  }
  if (last === undefined) return 1;
  if (isTerminal) say(['']);
  say(ending(last));
  return last.job.status === 'FAILED' ? 1 : 0;
};

const fail: (sentence: string) => never = (sentence) => {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
};

const [id, ...others] = process.argv.slice(2);
if (id === undefined || id.startsWith('-') || others.length > 0) fail('Usage: npm run watch -- <job id>');
const url = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000/graphql';
if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
  fail(`GATEWAY_URL: ${JSON.stringify(url)} is not an http address such as http://127.0.0.1:4000/graphql.`);
}
process.exitCode = await watch(url, id);
