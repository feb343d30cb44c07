import { invalid } from './failure.ts';
import type { ApiRequest } from './route.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const guidParameter = ({ parameters }: ApiRequest, name: string): string => {
  const value = parameters.get(name) ?? '';
  if (!guid.test(value)) {
    throw invalid({
      field: name,
      description: 'is not a valid GUID',
      violatedRule: 'FORMAT',
      data: { type: 'GUID' },
    });
  }
  return value.toLowerCase();
};
