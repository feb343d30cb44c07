import { onTestFinished } from 'vitest';
import { createReplicas } from '../../src/replicas/create-replicas.ts';
import type { Replicas } from '../../src/replicas/replicas.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { redisUrl } from './redis.ts';

export interface ReplicaOptions {
  readonly prefix: string;
  readonly url?: URL;
  readonly log?: Log;
}

/** Settles once `what` holds: asked again with each turn of the event loop, for as long as the test may take. */
export const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** One more replica in this process, once it works with the others. */
export const openReplica = async ({ prefix, url, log = silentLog }: ReplicaOptions): Promise<Replicas> => {
  const to = url ?? redisUrl;
  if (to === null) throw new Error('There is no Redis.');
  const replicas = createReplicas({ url: to, prefix, log });
  onTestFinished(() => replicas.close());
  await until(() => replicas.spending.isSettled);
  return replicas;
};
