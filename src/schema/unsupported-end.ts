import type { UnsupportedEnd } from '../domain/source.ts';
import { builder } from './builder.ts';

const implement = (name: 'UnsupportedSource' | 'UnsupportedDestination', end: string) =>
  builder.objectRef<UnsupportedEnd>(name).implement({
    description: `A kind of ${end} that upstream has and this version does not model.`,
    fields: (t) => ({
      kind: t.exposeString('name', {
        nullable: false,
        description: "Upstream's name of the kind, for example googleSheets.",
      }),
      details: t.expose('details', {
        type: 'JSONObject',
        nullable: false,
        description: 'Its settings, passed through as upstream sent them.',
      }),
    }),
  });

export const UnsupportedSourceRef = implement('UnsupportedSource', 'source');
export const UnsupportedDestinationRef = implement('UnsupportedDestination', 'destination');
