import { z } from 'zod';
import type { SyncSchedule } from '../../domain/sync-schedule.ts';
import { destination, source } from './ends.ts';
import { flag, instant, listOf, text, wrappedText } from './primitives.ts';

const step = z.object({ source, destination, sourceSiteId: text, destinationSiteId: text });

/** The sync job of upstream's scheduler. An older form has its only step flat at the top level. */
export const syncSchedule = z
  .object({
    id: z.string().min(1),
    name: text,
    enabled: flag,
    cronExpression: text,
    lastExecutionDate: instant,
    nextExecutionDate: instant,
    workflow: z.object({ steps: listOf(step) }).nullish(),
    lastWorkflowId: wrappedText,
    ...step.shape,
  })
  .transform((schedule): SyncSchedule => {
    const { source, destination, sourceSiteId, destinationSiteId } = schedule;
    const flat =
      source === null && destination === null
        ? []
        : [{ source, destination, sourceSiteId, destinationSiteId }];
    return {
      id: schedule.id,
      name: schedule.name,
      enabled: schedule.enabled,
      cronExpression: schedule.cronExpression,
      lastRunAt: schedule.lastExecutionDate,
      nextRunAt: schedule.nextExecutionDate,
      steps: schedule.workflow?.steps.length ? schedule.workflow.steps : flat,
      lastWorkflowId: schedule.lastWorkflowId,
    };
  });
