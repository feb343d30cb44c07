import type { Child } from '../support/child.ts';
import { median, pause } from '../support/numbers.ts';
import { type CrowdOptions, received, restMs, withCrowd } from './crowd.ts';

export interface FanOut {
  readonly server: string;
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
  readonly residentBytes: number;
  /** At the end, once garbage is collected. */
  readonly keptBytes: number;
}

export interface FanOutOptions {
  readonly name: string;
  readonly startServer: () => Promise<Child>;
  readonly crowd: CrowdOptions;
  readonly changes: number;
  /** Tells the server, and comes back with the instant of that. */
  publish(server: Child, current: number): Promise<number>;
}

/** The first few warm up, for every server alike. */
const warmUps = 3;

/** One change after the other to all: from the instant the server is told until the last subscriber has it. */
export const fanOut = (options: FanOutOptions): Promise<FanOut> =>
  withCrowd(options.startServer, options.crowd, async ({ server, crowd }) => {
    await pause(restMs);
    const { residentBytes } = await server.usage();
    const walls: number[] = [];
    const cpus: number[] = [];
    for (let current = 1; current <= options.changes + warmUps; current += 1) {
      const before = await server.usage();
      const receipts = received(crowd, current, options.crowd.count);
      const toldAt = await options.publish(server, current);
      walls.push(Math.max(...(await receipts)) - toldAt);
      cpus.push((await server.usage()).cpuMs - before.cpuMs);
      await pause(300);
    }
    const { keptBytes } = await server.usageWithoutGarbage();
    return {
      server: options.name,
      wall: median(walls.slice(warmUps)),
      cpu: median(cpus.slice(warmUps)),
      residentBytes,
      keptBytes,
    };
  });
