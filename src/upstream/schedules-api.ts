import { z } from 'zod';
import type { SyncSchedule } from '../domain/sync-schedule.ts';
import { decode, decodeRow, ofId, type Row } from './decode.ts';
import type { Call } from './http.ts';
import { nullIfNotFound } from './translate-failure.ts';
import { syncJobsList } from './wire/page.ts';
import { syncSchedule } from './wire/sync-schedule.ts';

const prefix = '/data-move-scheduler/v1/sync-jobs';
// without this upstream leaves out when a schedule runs next
const fields = 'fields=NEXT_SCHEDULE_EXECUTION';

export interface SchedulesApi {
  /** GetSyncJob; null when upstream has no such schedule. */
  get(id: string): Promise<SyncSchedule | null>;
  /** ListSyncJobs: all of them in one answer. */
  list(): Promise<readonly Row<SyncSchedule>[]>;
}

const scheduleAnswer = z.object({ syncJob: syncSchedule });

export const createSchedulesApi = (call: Call): SchedulesApi => ({
  get: (id) =>
    call(
      { operation: 'GetSyncJob', method: 'GET', path: `${prefix}/${encodeURIComponent(id)}?${fields}` },
      (answer) => ofId(id, decode(scheduleAnswer, 'GetSyncJob', answer).syncJob, 'GetSyncJob', answer),
    ).catch(nullIfNotFound),

  list: () =>
    call({ operation: 'ListSyncJobs', method: 'GET', path: `${prefix}?${fields}` }, (answer) =>
      decode(syncJobsList, 'ListSyncJobs', answer).map((row) =>
        decodeRow(syncSchedule, 'ListSyncJobs', answer, row),
      ),
    ),
});
