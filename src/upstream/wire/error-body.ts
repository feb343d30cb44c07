import { z } from 'zod';

/** Codes are short names. Anything else in their place might be part of a body, which must not leave. */
const errorCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/);

const errorBody = z.object({
  details: z.object({ applicationError: z.object({ code: errorCode }) }),
});

const validationBody = z.object({ details: z.object({ validationError: z.object({}) }) });

/** The code that an error body of upstream names, null where it names none. */
export const codeOf = (body: unknown): string | null => {
  const application = errorBody.safeParse(body);
  if (application.success) return application.data.details.applicationError.code;
  return validationBody.safeParse(body).success ? 'INVALID_ARGUMENT' : null;
};
