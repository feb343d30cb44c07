import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCursorCodec, type Position } from '../src/paging/cursor.ts';

const position: fc.Arbitrary<Position> = fc.record({
  page: fc.option(
    fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 16_000, size: 'max' })),
  ),
  offset: fc.nat(),
  anchor: fc.option(fc.oneof(fc.string(), fc.uuid())),
});
const scope = fc.jsonValue({ maxDepth: 2 });

const refused = expect.objectContaining({ name: 'GatewayError', code: 'BAD_USER_INPUT' });
const expectRefused = (decode: () => unknown) => {
  let thrown: unknown = null;
  try {
    decode();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toEqual(refused);
};

/** Takes away, puts in or replaces. */
const edit = fc.record({ at: fc.nat(), taken: fc.nat({ max: 3 }), put: fc.string({ maxLength: 3 }) });

describe('a cursor', () => {
  it('means the place that it was made for', () =>
    fc.assert(
      fc.property(fc.string(), scope, position, (caller, walked, place) => {
        // another replica, or the same after a restart
        const cursor = createCursorCodec(caller, walked).encode(place);
        expect(createCursorCodec(caller, walked).decode(cursor)).toEqual(place);
      }),
    ));

  it('is refused once anything of it was edited', () =>
    fc.assert(
      fc.property(position, fc.array(edit, { minLength: 1, maxLength: 3 }), (place, edits) => {
        const codec = createCursorCodec('caller', 'jobs');
        const cursor = codec.encode(place);
        const edited = edits.reduce((text, { at, taken, put }) => {
          const from = at % (text.length + 1);
          return text.slice(0, from) + put + text.slice(from + taken);
        }, cursor);
        fc.pre(edited !== cursor);
        expectRefused(() => codec.decode(edited));
      }),
      { numRuns: 1000 },
    ));

  it('is refused when nobody made it', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.json()), (text) =>
        expectRefused(() => createCursorCodec('caller', 'jobs').decode(text)),
      ),
    ));

  it('is refused for another caller or another list', () =>
    fc.assert(
      fc.property(position, fc.string(), fc.string(), scope, scope, (place, one, other, here, there) => {
        fc.pre(one !== other && JSON.stringify(here) !== JSON.stringify(there));
        const cursor = createCursorCodec(one, here).encode(place);
        expectRefused(() => createCursorCodec(other, here).decode(cursor));
        expectRefused(() => createCursorCodec(one, there).decode(cursor));
      }),
    ));
});
