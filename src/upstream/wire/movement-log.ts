import { z } from 'zod';
import type { MovementLog } from '../../domain/movement-log.ts';
import { failure } from './failure.ts';
import { text, userStruct } from './primitives.ts';

/** One entry of ListMovementLogs. */
export const movementLog: z.ZodType<MovementLog> = z.object({
  sourceItemId: text,
  failure,
  details: userStruct,
});
