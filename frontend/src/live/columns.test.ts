import fc from 'fast-check'
import { expect, it } from 'vitest'
import { newColumn } from './columns'
import type { Value } from './protocol'

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.constantFrom('online', 'offline', 'fault'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.boolean(),
  fc.array(fc.string(), { maxLength: 2 }),
)

it('gives back what was set, of any type and in any order', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), slot: fc.nat(40), value }),
    fc.record({ kind: fc.constant('move' as const), slot: fc.nat(40), to: fc.nat(40) }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const column = newColumn()
      const model: Value[] = Array.from({ length: 41 }, () => null)
      for (const op of operations) {
        if (op.kind === 'set') {
          column.set(op.slot, op.value)
          model[op.slot] = op.value
        } else {
          column.move(op.slot, op.to)
          model[op.to] = model[op.slot]!
        }
      }
      model.forEach((expected, slot) => expect(column.get(slot)).toEqual(expected))
      const total = [...column.tally(41).values()].reduce((a, b) => a + b, 0)
      expect(total).toBe(41)
    }),
  )
})

it('counts words', () => {
  const column = newColumn()
  ;['online', 'offline', 'online', null].forEach((word, slot) => column.set(slot, word))
  expect(column.tally(4)).toEqual(new Map<Value, number>([[null, 1], ['online', 2], ['offline', 1]]))
})

it('keeps more different words than a dictionary holds', () => {
  const column = newColumn()
  for (let i = 0; i < 10_000; i++) column.set(i, `camera ${i}`)
  expect(column.get(0)).toBe('camera 0')
  expect(column.get(9999)).toBe('camera 9999')
})
