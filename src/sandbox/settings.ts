import type { KeyObject } from 'node:crypto';
import type { FaultSettings } from './http/faults.ts';

export type SandboxSettings = {
  /** How many times faster than usual jobs run. */
  readonly speed: number;
  /** How long every call of the API takes at least. */
  readonly latencyMs: number;
  /** What one site may ask for in a minute; null for any number. */
  readonly requestsPerMinute: number | null;
  readonly faults: FaultSettings;
  /** What GetJob tells of a terminated job: nothing, or its last status (CONTRACT 9 leaves it open). */
  readonly terminated: 'vanish' | 'keep';
  /** How long an access token lives. */
  readonly tokenSeconds: number;
  /** Where events of jobs are sent; null for nowhere. */
  readonly webhookUrl: string | null;
  /** What signs them; null makes one at the start. */
  readonly webhookPrivateKey: KeyObject | null;
};

export const usualSettings: SandboxSettings = {
  speed: 1,
  latencyMs: 0,
  requestsPerMinute: null,
  faults: { share: 0, kinds: [] },
  terminated: 'vanish',
  tokenSeconds: 14_400,
  webhookUrl: null,
  webhookPrivateKey: null,
};
