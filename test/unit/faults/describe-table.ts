import { describe, expect, it } from 'vitest'
import type { LogKind } from '../../../src/types/log.js'
import { runCell, TIMEOUT } from './run-cell.js'
import { TABLE } from './table.js'

/** Each cell of one protocol as a test. */
export function describeTable(kind: LogKind): void {
  for (const [step, ways] of TABLE.filter(([step]) => step.kind === kind))
    describe(`${kind} ${step.name}`, () => {
      for (const way of ways)
        it(`${way.name}: tells ${way.told ?? 'nothing'}, ${way.then.words}`, { timeout: TIMEOUT }, async () => {
          const told = way.told === undefined ? [] : [way.told]
          expect(await runCell(kind, step, way)).toEqual({ told, ...way.then.outcome(step) })
        })
    })
}
