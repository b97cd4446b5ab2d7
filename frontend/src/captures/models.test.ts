import { describe, expect, it } from 'vitest'
import { type Detector, ways } from './models'

const model = (folder: string, task: Detector['task'], usable = true) => ({ folder, task, usable }) as Detector

describe('ways to find changes', () => {
  it('lets a model of one picture look at one or at two, one that compares only at two, and leaves out what cannot be run', () => {
    expect(ways([model('roofs', 'segmentation'), model('changes', 'change'), model('broken', 'segmentation', false)]).map(({ id }) => id)).toEqual(['roofs:pair', 'roofs:one', 'changes:pair'])
    expect(ways([])).toEqual([])
  })
})
