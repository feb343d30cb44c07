import type { JsonObject } from '../json.ts';
import type { JobError, WireShape } from './job.ts';
import type { MovementLog } from './movement-log.ts';
import { structOf } from './wrapper.ts';

export const renderError = ({ code, description, data }: JobError, shape: WireShape): JsonObject => ({
  code,
  description,
  data: data !== null && shape === 'wrapped' ? structOf(data) : data,
});

export const renderLog = (log: MovementLog, shape: WireShape): JsonObject => {
  const { sourceItemId } = log;
  if ('failure' in log) return { sourceItemId, failure: renderError(log.failure, shape) };
  return { sourceItemId, details: shape === 'wrapped' ? structOf(log.details) : log.details };
};
