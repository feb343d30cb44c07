import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { createLatest, type EventStream, type Latest } from './latest.ts';

export interface ReaderOptions {
  readonly clock: Clock;
  readonly kinds: readonly JobUpdateKind[] | null;
  /** Fires when the reader's client is gone. */
  readonly signal: AbortSignal;
  /** The longest life of a watch. */
  readonly lifeMs: number;
  /** How long to wait for what the stream opens with. */
  readonly patienceMs: number;
  /** Why it may be taking long. */
  readonly reason: () => GatewayError | null;
  /** Called once when nothing more need be pushed. */
  readonly onLeave: (latest: Latest) => void;
}

export interface Reader {
  readonly latest: Latest;
  /** The stream, once `arrived` says that it is known what it opens with, or once nobody wants it any longer. */
  opened(arrived: Promise<void>): Promise<EventStream>;
}

const noAnswer = () =>
  new GatewayError('UPSTREAM_TIMEOUT', 'Wix has not told of this yet. Subscribe again in a moment.');

/** One subscription's end of a watch: it ends by itself, by its client, or after its longest life. */
export const createReader = (options: ReaderOptions): Reader => {
  const { clock, kinds, signal, lifeMs, patienceMs, reason, onLeave } = options;
  const gone = Promise.withResolvers<void>();
  const latest = createLatest(kinds, () => {
    cancelLife();
    signal.removeEventListener('abort', latest.drop);
    gone.resolve();
    onLeave(latest);
  });
  const cancelLife = clock.after(lifeMs, latest.complete);
  signal.addEventListener('abort', latest.drop, { once: true });

  return {
    latest,
    async opened(arrived) {
      const impatient = Promise.withResolvers<never>();
      const cancel = clock.after(patienceMs, () => impatient.reject(reason() ?? noAnswer()));
      try {
        await Promise.race([arrived, gone.promise, impatient.promise]);
      } catch (error) {
        latest.drop();
        throw error;
      } finally {
        cancel();
      }
      return latest.stream;
    },
  };
};
