import { z } from 'zod';
import type { ApplicationError } from '../../domain/application-error.ts';
import type { JsonObject } from '../../domain/json.ts';
import { text, userStruct } from './primitives.ts';

const holdsSomething = (data: JsonObject | null): boolean => data !== null && Object.keys(data).length > 0;

/** Why a job or an item failed. An object of nothing but defaults says that nothing did. */
export const failure = z
  .object({ code: text, description: text, data: userStruct })
  .nullish()
  .transform((value): ApplicationError | null =>
    value && (value.code !== null || value.description !== null || holdsSomething(value.data)) ? value : null,
  );
