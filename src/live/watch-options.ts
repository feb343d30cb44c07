import type { Clock } from '../domain/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Cadence } from './cadence.ts';
import type { News } from './company.ts';
import type { JobsView } from './look.ts';
import type { PollShare } from './poll-share.ts';

export interface WatchOptions {
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  readonly pollShare: number;
  readonly requestsPerMinute: number;
  readonly staleAfterMs: number;
  readonly watchMaxMs: number;
}

export interface JobWatcherOptions extends WatchOptions {
  readonly clock: Clock;
  /** Outlives the watcher, so that leaving and coming back gains nothing. */
  readonly share: PollShare;
  /** The same: what failed a moment ago is left alone. */
  readonly cadence: Cadence;
  readonly log: Log;
  readonly telemetry?: Telemetry;
  /** Of its caller, for logs. */
  readonly callerName?: string;
  /** Upstream for the watcher's caller; calls under way end when the signal fires. */
  readonly upstream: (signal: AbortSignal) => JobsView;
  /** False while another replica polls for this caller. */
  readonly isPolling: () => boolean;
  /** Tells other replicas what the feed has read. */
  readonly tell: (news: News) => void;
  /** Called when nobody watches any longer. */
  readonly onIdle: () => void;
}
