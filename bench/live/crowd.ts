import { type Child, startChild } from '../support/child.ts';

/** So long after a crowd has come the gateway has given back what it took for that. */
export const restMs = 25_000;

export interface CrowdOptions {
  /** Of subscriptions. */
  readonly count: number;
  /** How many of them share a WebSocket; 1 by default. */
  readonly perSocket?: number;
  /** Of the jobs that they watch in turn. */
  readonly ids: readonly string[];
  readonly documents: 'same' | 'different';
  /** Whether each is told first how its job stands. */
  readonly snapshots: boolean;
}

export interface Scene {
  readonly server: Child;
  readonly crowd: Child;
  /** Of the server before anybody came. */
  readonly idleBytes: number;
  /** From the first who came until all had their snapshot. */
  readonly settledMs: number;
}

/** A server with a crowd of subscribers, each of whom has had its snapshot; all of it gone afterwards. */
export const withCrowd = async <Outcome>(
  startServer: () => Promise<Child>,
  { count, perSocket = 1, ids, documents, snapshots }: CrowdOptions,
  measure: (scene: Scene) => Promise<Outcome>,
): Promise<Outcome> => {
  const server = await startServer();
  try {
    const { residentBytes: idleBytes } = await server.usage();
    const from = performance.now();
    const crowd = await startChild('live/subscribers', {
      args: [server.ready.url, String(count), String(perSocket), documents, ...ids],
    });
    try {
      if (snapshots) {
        crowd.send({ snapshots: count });
        await crowd.answer('settled');
      }
      return await measure({ server, crowd, idleBytes, settledMs: performance.now() - from });
    } finally {
      await crowd.stop();
    }
  } finally {
    await server.stop();
  }
};

/** The instants at which a change comes to its subscribers, once all have it. */
export const received = async (crowd: Child, current: number, expected: number): Promise<number[]> => {
  crowd.send({ expected });
  const { instants } = await crowd.answer('received', (message) => message['current'] === current);
  return instants as number[];
};
