import { onTestFinished } from 'vitest';
import { createReplicas } from '../../src/replicas/create-replicas.ts';
import type { Replicas } from '../../src/replicas/replicas.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { redisUrl } from './redis.ts';

export interface ReplicaOptions {
  readonly prefix: string;
  readonly url?: URL;
  readonly seat?: string;
  readonly log?: Log;
}

/** Settles once `what` holds: asked again with each turn of the event loop, for as long as the test may take. */
export const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** One more replica in this process. */
export const beginReplica = ({ prefix, url, seat, log = silentLog }: ReplicaOptions): Replicas => {
  const to = url ?? redisUrl;
  if (to === null) throw new Error('There is no Redis.');
  const replicas = createReplicas({ url: to, prefix, log, ...(seat === undefined ? {} : { seat }) });
  onTestFinished(() => replicas.close());
  return replicas;
};

/** The same, once it works with the others. */
export const openReplica = async (options: ReplicaOptions): Promise<Replicas> => {
  const replicas = beginReplica(options);
  await until(() => replicas.spending.isSettled);
  return replicas;
};
