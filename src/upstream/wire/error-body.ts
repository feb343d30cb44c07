import { z } from 'zod';
import type { Rejection } from '../../domain/gateway-error.ts';
import { text } from './primitives.ts';

/** Codes are short names. Anything else in their place might be part of a body, which must not leave. */
const errorCode = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
  .nullish()
  .catch(null);

const errorBody = z.object({
  details: z.object({
    applicationError: z.object({ code: errorCode, description: text.catch(null) }).nullish(),
    validationError: z
      .object({
        fieldViolations: z
          .array(z.object({ field: text.catch(null), description: text.catch(null) }))
          .max(1000)
          .nullish()
          .catch([]),
      })
      .nullish(),
  }),
});

const maxDescriptionLength = 500;
const shortened = (description: string) => description.slice(0, maxDescriptionLength);

export interface ErrorBody {
  /** The code that the body names, null where it names none. */
  readonly code: string | null;
  readonly rejection: Rejection;
}

/** Reads what an error body of upstream says, in so far as it is one. */
export const readErrorBody = (body: unknown): ErrorBody => {
  const { applicationError, validationError } = errorBody.safeParse(body).data?.details ?? {};
  const code = applicationError?.code ?? null;
  return {
    code: code ?? (validationError ? 'INVALID_ARGUMENT' : null),
    rejection: {
      code,
      description: applicationError?.description ? shortened(applicationError.description) : null,
      violations: (validationError?.fieldViolations ?? []).map(({ field, description }) => ({
        field: field ?? '',
        description: shortened(description ?? 'is not valid'),
      })),
    },
  };
};
