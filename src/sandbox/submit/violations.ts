import type { z } from 'zod';
import type { FieldViolation } from '../http/failure.ts';

type Issue = z.core.$ZodIssue;

const fieldOf = (path: Issue['path']): string =>
  path.reduce<string>((field, key) => {
    if (typeof key === 'number') return `${field}[${key}]`;
    return field === '' ? String(key) : `${field}.${String(key)}`;
  }, '');

const isText = ({ origin }: { readonly origin: string }): boolean => origin === 'string';

/** Rules are named as upstream's samples name them (CONTRACT 12.1). */
const ruleOf = (issue: Issue): Omit<FieldViolation, 'field'> => {
  const isOfNoKind = issue.code === 'invalid_type' || issue.code === 'invalid_value';
  if (isOfNoKind && (issue.input === undefined || issue.input === null)) {
    return { description: 'is required', violatedRule: 'REQUIRED_FIELD' };
  }
  if (issue.code === 'too_small') {
    const threshold = Number(issue.minimum);
    return {
      description: isText(issue) ? 'must not be empty' : `size must be at least ${threshold}`,
      violatedRule: isText(issue) ? 'MIN_LENGTH' : 'MIN_SIZE',
      data: { threshold },
    };
  }
  if (issue.code === 'too_big') {
    const threshold = Number(issue.maximum);
    return {
      description: `size must be at most ${threshold}`,
      violatedRule: isText(issue) ? 'MAX_LENGTH' : 'MAX_SIZE',
      data: { threshold },
    };
  }
  if (issue.code === 'invalid_format') return { description: issue.message, violatedRule: 'FORMAT' };
  if (issue.code === 'invalid_value') return { description: `must be one of ${issue.values.join(', ')}` };
  if (issue.code === 'invalid_type') return { description: `must be a ${issue.expected}` };
  return { description: issue.message };
};

export const violationOf = (issue: Issue): FieldViolation => ({
  field: fieldOf(issue.path),
  ...ruleOf(issue),
});
