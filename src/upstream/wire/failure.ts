import { z } from 'zod';
import type { ApplicationError } from '../../domain/application-error.ts';
import { text, userStruct } from './primitives.ts';

/** Why a job or an item failed. An object of nothing but defaults says that nothing did. */
export const failure = z
  .object({ code: text, description: text, data: userStruct })
  .nullish()
  .transform((value): ApplicationError | null =>
    value && (value.code !== null || value.description !== null || value.data !== null) ? value : null,
  );
