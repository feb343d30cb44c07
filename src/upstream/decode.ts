import { z } from 'zod';
import type { GatewayError } from '../domain/gateway-error.ts';
import type { Operation, UpstreamAnswer } from './http.ts';
import { invalidResponse } from './translate-failure.ts';

const invalid = (operation: Operation, error: z.ZodError, requestId: string | null): GatewayError =>
  invalidResponse(`${operation}: ${z.prettifyError(error)}`, { status: 200, requestId });

/** Reads a whole body; throws UPSTREAM_INVALID_RESPONSE, which names paths and types but no values. */
export const decode = <Schema extends z.ZodType>(
  schema: Schema,
  operation: Operation,
  { body, requestId }: UpstreamAnswer,
): z.output<Schema> => {
  const decoded = schema.safeParse(body);
  if (!decoded.success) throw invalid(operation, decoded.error, requestId);
  return decoded.data;
};
