import { describe, expect, test } from 'vitest';
import { collection, into, jsonl, openMover } from './open-mover.ts';

const aggregation = (collectionId: string, stages: readonly object[]) =>
  collection(collectionId, { aggregationQuery: { aggregationPipeline: { stages } } });

describe('a pipeline that makes more than fits in memory fails its job:', () => {
  const name = { fieldPath: 'name' };
  const result = async (stages: readonly object[]) => {
    const { run } = await openMover();
    return run(aggregation('products', stages), jsonl);
  };
  const failedFor = (reason: string) => ({ status: 'FAILED', error: { code: 'WDH0001', data: { reason } } });
  const tooMuch = failedFor('The pipeline makes more than the sandbox can hold.');

  test('lists unwound against each other', async () => {
    const members = ['a', 'b', 'c'];
    const accumulators = members.map((member) => ({ push: { expression: name }, resultFieldName: member }));
    const unwinds = members.map((member) => ({ unwindArray: { arrayFieldName: member } }));
    expect(await result([{ group: { accumulators } }, ...unwinds])).toMatchObject(tooMuch);
  });

  test('texts joined with themselves', async () => {
    const doubled = { fieldName: 'name', expression: { concat: { expressions: [name, name] } } };
    const stages = Array.from({ length: 20 }, () => ({ addFields: { fields: [doubled] } }));
    expect(await result(stages)).toMatchObject(tooMuch);
    const reason = 'A text is longer than 524288 characters.';
    expect(await result([{ limit: 1 }, ...stages])).toMatchObject(failedFor(reason));
  });

  test('lists pushed into lists', async () => {
    const pushes = (path: string) =>
      Array.from({ length: 1000 }, (_, index) => ({
        push: { expression: { fieldPath: path } },
        resultFieldName: `f${index}`,
      }));
    const stages = ['name', 'f0', '_id'].map((path) => ({ group: { accumulators: pushes(path) } }));
    expect(await result([{ limit: 5 }, ...stages])).toMatchObject({ status: 'COMPLETED' });
    expect(await result(stages)).toMatchObject(tooMuch);
  });
});

test('a sum or an average that no number can hold is nothing', async () => {
  const { importInto, exported } = await openMover();
  await importInto('{"_id":"1","n":1e308}\n{"_id":"2","n":1e308}', into('imports'));
  const accumulators = ['sum', 'avg'].map((operator) => ({
    [operator]: { expression: { fieldPath: 'n' } },
    resultFieldName: operator,
  }));
  const text = { fieldName: 'text', expression: { stringify: { expression: { fieldPath: 'sum' } } } };
  const stages = [{ group: { accumulators } }, { addFields: { fields: [text] } }];
  expect(await exported(aggregation('imports', stages), jsonl)).toBe(
    '{"_id":{},"sum":null,"avg":null,"text":""}\n',
  );
});
