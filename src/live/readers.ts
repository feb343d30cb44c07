import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { createLatest, type EventStream, type Latest } from './latest.ts';
import type { Lives } from './lives.ts';

export interface ReadersOptions {
  readonly clock: Clock;
  readonly lives: Lives;
  /** How long to wait for what the stream opens with. */
  readonly patienceMs: number;
  /** Why it may be taking long. */
  readonly reason: () => GatewayError | null;
}

export interface NewReader {
  readonly kinds: readonly JobUpdateKind[] | null;
  /** Fires when the reader's client is gone. */
  readonly signal: AbortSignal;
  /** Called once when nothing more need be pushed. */
  readonly onLeave: (latest: Latest) => void;
}

/** The subscriptions' ends of a watch: each ends by itself, by its client, or after its longest life. */
export interface Readers {
  open(reader: NewReader): Latest;
  /** The stream, once `arrived` says that it is known what it opens with, or once nobody wants it any longer. */
  opened(latest: Latest, arrived: Promise<void>): Promise<EventStream>;
}

const noAnswer = () =>
  new GatewayError('UPSTREAM_TIMEOUT', 'Wix has not told of this yet. Subscribe again in a moment.');

export const createReaders = ({ clock, lives, patienceMs, reason }: ReadersOptions): Readers => ({
  open({ kinds, signal, onLeave }) {
    const drop = () => latest.drop();
    const latest = createLatest(kinds, () => {
      lives.end(latest);
      signal.removeEventListener('abort', drop);
      onLeave(latest);
    });
    lives.begin(latest);
    signal.addEventListener('abort', drop, { once: true });
    return latest;
  },

  async opened(latest, arrived) {
    const { stream } = latest;
    const ended = Promise.withResolvers<void>();
    stream.onReadable(() => stream.end !== null && ended.resolve());
    const impatient = Promise.withResolvers<never>();
    const cancel = clock.after(patienceMs, () => impatient.reject(reason() ?? noAnswer()));
    try {
      await Promise.race([arrived, ended.promise, impatient.promise]);
    } catch (error) {
      latest.drop();
      throw error;
    } finally {
      cancel();
    }
    return stream;
  },
});
