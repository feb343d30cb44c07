import type { ApplicationError } from './application-error.ts';
import type { JsonObject } from './json.ts';

/** What the destination recorded about one item. Upstream gives these no id and no time. */
export interface MovementLog {
  readonly sourceItemId: string | null;
  readonly failure: ApplicationError | null;
  readonly details: JsonObject | null;
}
